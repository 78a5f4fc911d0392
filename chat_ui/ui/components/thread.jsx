// The scrolling log of messages. It follows the newest line only while the reader is at the bottom.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { ArrowDown } from "./icons.jsx";

const NEAR_BOTTOM_PX = 48;

export function Thread({ conversation, busy, children }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);

  const toBottom = () => {
    const { current } = scroller;
    current.scrollTop = current.scrollHeight;
  };
  const follow = () => {
    following.current = true;
    setAway(false);
    toBottom();
  };

  useLayoutEffect(follow, [conversation]);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (following.current && scroller.current) toBottom();
    });
    observer.observe(content.current);
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller.current;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    following.current = near;
    setAway(!near);
  };
  // A wheel up lets go at once: waiting for the scroll event would let a growing answer pull it back.
  const onWheel = (event) => {
    if (event.deltaY < 0) following.current = false;
  };

  return (
    <div className="thread">
      <div
        ref={scroller}
        className="thread-scroll"
        role="log"
        aria-label="Conversation"
        aria-live="off"
        aria-busy={busy}
        tabIndex={0}
        onScroll={onScroll}
        onWheel={onWheel}
      >
        <div ref={content} className="thread-content">
          {children}
        </div>
      </div>
      {away && (
        <button type="button" className="jump" aria-label="Jump to the latest" onClick={follow}>
          <ArrowDown />
        </button>
      )}
    </div>
  );
}
