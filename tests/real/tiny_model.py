"""Writes a model that llama.cpp can run: half a megabyte of random weights, which have read nothing.

Run with the path to write to, where numpy and gguf are installed.
"""

import sys

import numpy as np
from gguf import GGUFWriter, TokenType

WIDTH, HIDDEN, HEADS, LAYERS = 64, 128, 4, 2
SPECIAL = ("<unk>", "<s>", "</s>")
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
WORDS = ("▁one", "▁two", "▁three", "▁four", "▁five", "▁é", "▁🙂", "▁")
TOKENS = SPECIAL + BYTES + WORDS
FIRST_BYTE = len(SPECIAL)


def write(path: str) -> None:
    """Write the model; always the same one."""
    file = GGUFWriter(path, "llama")
    file.add_name("tiny")
    file.add_context_length(512)
    file.add_embedding_length(WIDTH)
    file.add_feed_forward_length(HIDDEN)
    file.add_block_count(LAYERS)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS)
    file.add_rope_dimension_count(WIDTH // HEADS)
    file.add_layer_norm_rms_eps(1e-5)
    _add_vocabulary(file)
    _add_weights(file)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def _add_vocabulary(file: GGUFWriter) -> None:
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    kinds += [TokenType.BYTE] * len(BYTES) + [TokenType.NORMAL] * len(WORDS)
    file.add_vocab_size(len(TOKENS))
    file.add_tokenizer_model("llama")
    file.add_token_list([token.encode() for token in TOKENS])
    file.add_token_scores([0.0] * len(TOKENS))
    file.add_token_types(kinds)
    file.add_unk_token_id(0)
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)


def _add_weights(file: GGUFWriter) -> None:
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    output = weights(len(TOKENS), WIDTH)
    # Never said: the end, NUL, and bytes beyond ASCII. Of a character that takes several tokens the server
    # streams nothing at all, so that a streamed answer would differ from a whole one.
    output[: FIRST_BYTE + 1] = 0
    output[FIRST_BYTE + 128 : FIRST_BYTE + 256] = 0
    file.add_tensor("token_embd.weight", weights(len(TOKENS), WIDTH))
    file.add_tensor("output.weight", output)
    file.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        file.add_tensor(f"{block}.attn_norm.weight", np.ones(WIDTH, np.float32))
        file.add_tensor(f"{block}.ffn_norm.weight", np.ones(WIDTH, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            file.add_tensor(f"{block}.{name}.weight", weights(WIDTH, WIDTH))
        for name in ("ffn_gate", "ffn_up"):
            file.add_tensor(f"{block}.{name}.weight", weights(HIDDEN, WIDTH))
        file.add_tensor(f"{block}.ffn_down.weight", weights(WIDTH, HIDDEN))


if __name__ == "__main__":
    write(sys.argv[1])
