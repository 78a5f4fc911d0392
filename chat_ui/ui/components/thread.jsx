// The scrolling log of messages. It follows the newest line only while the reader is at the bottom.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useConversation } from "./address.js";
import { SENT } from "./composer.jsx";
import { ArrowDown } from "./icons.jsx";

const NEAR_BOTTOM_PX = 48;
const NEAR_TOP_PX = 1200;

// Earlier messages come in above: what the reader looks at stays where it is.
function useEarlier(scroller, first, more, onTop) {
  const before = useRef({ first, height: 0, top: 0 });
  const asked = useRef("");
  const look = () => {
    const { scrollTop, scrollHeight } = scroller.current;
    before.current = { first, height: scrollHeight, top: scrollTop };
    if (!more || scrollTop > NEAR_TOP_PX || asked.current === first) return;
    asked.current = first;
    onTop(first);
  };
  useLayoutEffect(() => {
    const { first: old, height, top } = before.current;
    const { current } = scroller;
    if (old && old !== first && current.querySelector(`[data-message-id="${old}"]`)) {
      current.scrollTop = top + current.scrollHeight - height;
    }
    before.current = { first, height: current.scrollHeight, top: current.scrollTop };
  }, [first]);
  return look;
}

export function Thread({ conversation, busy, first, more, onTop, children }) {
  const scroller = useRef(null);
  const content = useRef(null);
  const following = useRef(true);
  const lastTop = useRef(0);
  const [away, setAway] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const settled = useConversation() === conversation;
  const lookUp = useEarlier(scroller, first, more, onTop);

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
    lookUp();
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
