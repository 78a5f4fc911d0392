// The scrolling log of messages. It follows the newest line only while the reader is at the bottom.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useConversation } from "./address.js";
import { Coming } from "./coming.jsx";
import { SENT } from "./composer.jsx";
import { useEarlier } from "./earlier.jsx";
import { onDrawn } from "./frames.js";
import { keepHeights } from "./heights.js";
import { ArrowDown } from "./icons.jsx";
import { ReadingPlace } from "./reading_place.js";
import { say } from "./words.js";

const NOWHERE = Object.freeze({ away: false, news: false, scrolled: false });

function usePlace(scroller, content, busy) {
  const place = useRef(null);
  const growing = useRef(busy);
  const [seen, setSeen] = useState(NOWHERE);
  growing.current = busy;

  useLayoutEffect(() => {
    const here = new ReadingPlace(scroller.current, content.current, () => {
      const next = { away: here.isAway, news: here.hasNews, scrolled: here.scroller.scrollTop > 0 };
      setSeen((last) => (Object.keys(next).every((key) => next[key] === last[key]) ? last : next));
    });
    place.current = here;
    const settle = () => here.settle(growing.current);
    // What grows is followed before the frame: an observer speaks up within it, and its scroll would take another one.
    const forget = onDrawn(settle);
    let width = 0;
    const observer = new ResizeObserver(() => {
      settle();
      width = keepHeights(content.current, width);
    });
    observer.observe(content.current);
    observer.observe(scroller.current);
    const follow = () => here.follow();
    const select = () => here.selected(document.getSelection());
    window.addEventListener(SENT, follow);
    document.addEventListener("selectionchange", select);
    return () => {
      forget();
      observer.disconnect();
      window.removeEventListener(SENT, follow);
      document.removeEventListener("selectionchange", select);
    };
  }, []);
  return [place, seen];
}

// A finger that moves down moves the log up.
function useFinger(place) {
  const last = useRef(0);
  return {
    onTouchStart: ({ touches }) => {
      last.current = touches[0].clientY;
    },
    onTouchMove: ({ touches }) => {
      place.current.wheeled({ deltaY: last.current - touches[0].clientY });
      last.current = touches[0].clientY;
    },
  };
}

// The browser tells its tabs, and its history, apart by this.
function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · ${say("site")}` : say("site");
    return () => {
      document.title = say("site");
    };
  }, [title]);
}

export function Thread({ conversation, title, busy, first, more, onTop, children }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const settled = useConversation() === conversation;
  const [place, { away, news, scrolled }] = usePlace(scroller, content, busy);
  const lookUp = useEarlier(scroller, first, more, onTop);
  const finger = useFinger(place);
  useTitle(settled ? title : "");

  useLayoutEffect(() => place.current.follow(), [conversation, settled]);
  const onScroll = () => {
    place.current.scrolled();
    lookUp();
  };
  const jump = () => {
    place.current.follow();
    scroller.current.focus({ preventScroll: true });
  };

  return (
    <div className="thread" data-scrolled={scrolled}>
      {more && <p className="print-only meta">{say("thread.print.more")}</p>}
      <div
        ref={scroller}
        className="thread-scroll"
        role="log"
        aria-label={say("thread")}
        aria-live="off"
        aria-busy={busy || !settled}
        tabIndex={0}
        onScroll={onScroll}
        onWheel={(event) => place.current.wheeled(event)}
        onKeyDown={(event) => place.current.pressed(event)}
        onClick={(event) => place.current.clicked(event)}
        {...finger}
      >
        <div ref={content} className="thread-content">
          {settled && children}
        </div>
      </div>
      {!settled && <Coming />}
      {away && (
        <button
          type="button"
          className="jump"
          title={news ? undefined : say("thread.jump")}
          data-news={news}
          onClick={jump}
        >
          <ArrowDown />
          <span className={news ? undefined : "visually-hidden"}>{say(news ? "thread.news" : "thread.jump")}</span>
        </button>
      )}
    </div>
  );
}
