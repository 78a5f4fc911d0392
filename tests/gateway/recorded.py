"""Streams as gateways send them, shortened; every oddity of one kind or another that was ever seen.

They follow recordings and fixtures of vercel/ai, coder/aibridge, simonw/llm, the Anthropic SDK, litellm,
aimock, aiandlabs/aiand-python, and the code of jordanhubbard/tokenhub.
"""

from __future__ import annotations

__all__ = ["STREAMS"]

STREAMS: dict[str, bytes] = {
    "azure: placeholder, filter results, a choice without delta": (
        b'data: {"choices":[],"id":"","model":"","created":0,'
        b'"prompt_filter_results":[{"prompt_index":0}]}\r\n\r\n'
        b'data: {"choices":[{"delta":{"content":"","role":"assistant"},"index":0}],"model":"gpt-4o"}\r\n\r\n'
        b'data: {"choices":[{"delta":{"content":"Caf\xc3\xa9"},"index":0}],"model":"gpt-4o"}\r\n\r\n'
        b'data: {"choices":[{"content_filter_offsets":{"end_offset":5},"index":0,'
        b'"finish_reason":null}]}\r\n\r\n'
        b'data: {"choices":[{"delta":{},"finish_reason":"stop","index":0}]}\r\n\r\ndata: [DONE]\r\n\r\n'
    ),
    "openrouter: comments, reasoning thrice, usage with cost in the finish chunk, two reasons": (
        b": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n"
        b'data: {"provider":"Lab","model":"lab/m","choices":[{"index":0,'
        b'"delta":{"role":"assistant","content":"",'
        b'"reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm"}]},'
        b'"finish_reason":null}]}\n\n'
        b'data: {"provider":"Lab","model":"lab/m","choices":[{"index":0,"delta":{"content":"Yes"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"length"}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":9,"completion_tokens":3,"cost":0.00012}}\n\ndata: [DONE]\n\n'
    ),
    "mistral: content as a list with thinking": (
        b'data: {"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":'
        b'[{"type":"text","text":"So"}]}]}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"\xe4\xbd\xa0"}]}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":'
        b'{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
    ),
    "gemini: tool calls without an index, whole arguments, stop": (
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","type":"function","function":'
        b'{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"x"}}}]}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","type":"function","function":'
        b'{"name":"g","arguments":"{\\"x\\":1}"}}]},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    ),
    "a proxy: every parallel call is index 0, arguments null": (
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":'
        b'{"name":"f","arguments":"{}"}}]}}]}\n\n'
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":'
        b'{"name":"g","arguments":null}}]}}]}\n\n'
        b'data: {"choices":[{"delta":{"tool_calls":[]},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'
    ),
    "vllm: usage on every chunk, extras, a close without [DONE]": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"},"stop_reason":null,"token_ids":null}],'
        b'"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"length"}],'
        b'"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'
    ),
    "litellm: usage beside an empty delta": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
        b'data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'
        b"data: [DONE]\n\n"
    ),
    "litellm: an error in the middle and no [DONE]": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
        b'data: {"error": {"message": "cut", "type": null, "param": null, "code": "500"}}\n\n'
    ),
    "groq: usage under its name, an error event": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"}}],"x_groq":{"id":"r"}}\n\n'
        b'data: {"choices":[],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":2}}}\n\n'
        b'event: error\ndata: {"error":{"message":"no","code":"tool_use_failed","status_code":400}}\n\n'
    ),
    "tokenhub: an error as a bare string": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: {"error":"gone"}\n\n'
    ),
    "deepseek: think tags in the text": (
        b'data: {"choices":[{"index":0,"delta":{"content":"<thi"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"nk>\\nHm</th"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"ink>\\n\\nYes"}}]}\n\ndata:[DONE]\n\n'
    ),
    "aimock: halves of a character": (
        b'data: {"choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"\\ude00"}}]}\n\ndata: [DONE] \n\n'
    ),
    "anthropic: thinking, text, a tool": (
        b'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-x","usage":'
        b'{"input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}}}\n\n'
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":'
        b'{"type":"thinking","thinking":"","signature":""}}\n\n'
        b'event: ping\ndata: {"type": "ping"}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
        b'{"type":"thinking_delta","thinking":"Hm"}}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
        b'{"type":"signature_delta","signature":"x"}}\n\n'
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
        b'event: content_block_start\ndata: {"type":"content_block_start","index":1,"content_block":'
        b'{"type":"tool_use","id":"t","name":"f","input":{}}}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":'
        b'{"type":"input_json_delta","partial_json":"{\\"x\\":1}"}}\n\n'
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use"},'
        b'"usage":{"output_tokens":15}}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    ),
    "anthropic: overloaded in the middle, an unknown event before": (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
        b'{"type":"text_delta","text":"a"}}\n\n'
        b'event: heartbeat\ndata: {"type":"heartbeat"}\n\n'
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    ),
    "ai&: the older trailer glued to [DONE], without its blank line": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n'
        b'data: [DONE]\nevent: aiand.metadata\ndata: {"request_id":"r","cost_usd":0.00001,'
        b'"model":"lab/m"}\n\n'
    ),
    "ai&: the newer trailer": (
        b'data: {"choices":[{"index":0,"delta":{"reasoning":"a"},"finish_reason":"length"}]}\n\n'
        b"data: [DONE]\n\n"
        b'event: metrics\ndata: {"tokens":{"input":7,"output":2,"cached":3},"cost":"0.1",'
        b'"currency":"jpy"}\n\n'
    ),
    "a byte order mark, single carriage returns, and a last event without its end": (
        b'\xef\xbb\xbfdata: {"choices":[{"index":0,"delta":{"content":"\xf0\x9f\x98\x80"}}]}\r\r'
        b'data: {"choices":[{"index":0,\rdata: "delta":{},"finish_reason":"stop"}]}'
    ),
    "cut in the middle of an event": b'data: {"choices":[{"index":0,'
    b'"delta":{"content":"a"}}]}\n\ndata: {"cho',
}
