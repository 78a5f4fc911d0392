// The scrolling log of messages. It follows the newest line only while the reader is at the bottom.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useConversation } from "./address.js";
import { SENT } from "./composer.jsx";
import { ArrowDown } from "./icons.jsx";

const NEAR_BOTTOM_PX = 48;

export function Thread({ conversation, busy, children }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const following = useRef(true);
  const lastTop = useRef(0);
  const [away, setAway] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const settled = useConversation() === conversation;

  const toBottom = () => {
    const { current } = scroller;
    if (current) current.scrollTop = current.scrollHeight;
  };
  const follow = () => {
    following.current = true;
    setAway(false);
    toBottom();
  };

  useLayoutEffect(follow, [conversation, settled]);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (following.current) toBottom();
    });
    observer.observe(content.current);
    observer.observe(scroller.current);
    window.addEventListener(SENT, follow);
    return () => {
      observer.disconnect();
      window.removeEventListener(SENT, follow);
    };
  }, []);

  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller.current;
    // Only a move upwards lets go: an answer that grew since the last frame is no move of the reader's.
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX) following.current = true;
    else if (scrollTop < lastTop.current) following.current = false;
    lastTop.current = scrollTop;
    setAway(!following.current);
    setScrolled(scrollTop > 0);
  };

  return (
    <div className="thread" data-scrolled={scrolled}>
      <div
        ref={scroller}
        className="thread-scroll"
        role="log"
        aria-label="Conversation"
        aria-live="off"
        aria-busy={busy}
        tabIndex={0}
        onScroll={onScroll}
      >
        <div ref={content} className="thread-content">
          {settled && children}
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
