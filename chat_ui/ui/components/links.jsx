// What in an answer leads away from the page: links, which show where to, and images, which are loaded when asked for.
import { isValidElement, useState } from "react";
import { FootnoteMark, footnoteLabel } from "./footnotes.jsx";
import { say } from "./words.js";

const WEB = /^https?:$/;

function parse(href) {
  try {
    return new URL(href);
  } catch {
    return null;
  }
}

export function textIn(children) {
  if (typeof children === "string") return children;
  if (Array.isArray(children)) return children.map(textIn).join("");
  return isValidElement(children) ? textIn(children.props.children) : "";
}

// The host stands behind a link whose words don't begin with it; a script could not read it there, nor does copying.
export function Link({ href, children }) {
  const label = footnoteLabel(href);
  if (label !== null) return <FootnoteMark label={label} />;
  const url = parse(href);
  if (url?.protocol === "mailto:") return <a href={href} title={url.pathname}>{children}</a>;
  if (!url || !WEB.test(url.protocol)) return <span>{children}</span>;
  const words = textIn(children).trim().toLowerCase().replace(/^https?:\/\//, "").replace(/^www\./, "");
  const host = url.host.replace(/^www\./, "");
  const tells = words === host || words.startsWith(`${host}/`);
  return (
    <a
      href={href}
      title={url.host}
      target="_blank"
      rel="noopener noreferrer nofollow"
      referrerPolicy="no-referrer"
      data-host={tells ? undefined : host}
    >
      {children}
    </a>
  );
}

// A remote image would tell its host who reads what. The button stays until the image is there: if the log shrank
// meanwhile, a reader at its end would be taken to the end of the image.
export function RemoteImage({ src, alt }) {
  const [wanted, setWanted] = useState(false);
  const [there, setThere] = useState(false);
  const url = parse(src);
  if (!url || !WEB.test(url.protocol)) return <span className="image-blocked">{alt || say("image.nameless")}</span>;
  const show = () => setThere(true);
  return (
    <>
      {wanted && (
        <img src={src} alt={alt ?? ""} hidden={!there} referrerPolicy="no-referrer" onLoad={show} onError={show} />
      )}
      {!there && (
        <button type="button" className="image-blocked" aria-busy={wanted} onClick={() => setWanted(true)}>
          {say("image.load", { host: url.host })}
          {alt ? `: ${alt}` : ""}
        </button>
      )}
    </>
  );
}
