// A code block: language, wrap, copy, download, and the code itself.
import { isValidElement, useState } from "react";
import { CopyButton } from "./copy.jsx";
import { Check, Download, WrapText } from "./icons.jsx";

const EXTENSIONS = {
  python: "py", javascript: "js", typescript: "ts", bash: "sh", shell: "sh", rust: "rs", markdown: "md",
  ruby: "rb", csharp: "cs", "c++": "cpp", kotlin: "kt", plaintext: "txt", text: "txt",
};

function sourceOf(children) {
  if (typeof children === "string") return children;
  if (Array.isArray(children)) return children.map(sourceOf).join("");
  return isValidElement(children) ? sourceOf(children.props.children) : "";
}

function download(source, language) {
  const name = /^[a-z0-9]{1,12}$/.test(language) ? language : "txt";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([source], { type: "text/plain" }));
  link.download = `code.${EXTENSIONS[language] ?? name}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function Code({ className, children }) {
  const [wrapped, setWrapped] = useState(false);
  const language = /language-([^\s]+)/.exec(className ?? "")?.[1] ?? "";
  const source = sourceOf(children).replace(/\n$/, "");
  return (
    <figure className="code-block" dir="ltr">
      <figcaption>
        <span>{language || "text"}</span>
        <button
          type="button"
          className="icon-button"
          aria-label="Wrap lines"
          aria-pressed={wrapped}
          onClick={() => setWrapped(!wrapped)}
        >
          {wrapped ? <Check /> : <WrapText />}
        </button>
        <CopyButton label="Copy code" read={() => source} />
        <button
          type="button"
          className="icon-button"
          aria-label="Download code"
          onClick={() => download(source, language)}
        >
          <Download />
        </button>
      </figcaption>
      <pre tabIndex={0} data-wrapped={wrapped}>
        <code>{source}</code>
      </pre>
    </figure>
  );
}
