"""Models of transformers with random weights, saved as real ones are: the real loading code, in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SPECIAL = [
    "<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "<image>", "<fake_token_around_image>",
    "<global-img>", "<end_of_utterance>", *(f"<row_{row}_col_{col}>" for row in range(1, 5) for col in range(1, 5)),
]  # fmt: skip
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}<image>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def parts() -> Any:
    """The library, a tokenizer of bytes, the sizes of a language model, the vocabulary; skips without transformers."""
    pytest.importorskip("torch", reason="transformers are optional: pip install 'seehear[hf]'")
    pytest.importorskip("transformers", reason="transformers are optional: pip install 'seehear[hf]'")
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        extra_special_tokens=SPECIAL[4:],
    )  # fmt: skip
    tokenizer.chat_template = TEMPLATE
    llama = {
        "vocab_size": len(vocabulary), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 4096, "bos_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 3,
    }  # fmt: skip
    return transformers, tokenizer, llama, vocabulary


def seeing(folder: Path) -> Path:
    """A SmolVLM (Idefics3) in a folder."""
    transformers, tokenizer, llama, vocabulary = parts()
    import torch

    vision = {
        "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28,
        "patch_size": 14,
    }  # fmt: skip
    config = transformers.Idefics3Config(
        text_config={"model_type": "llama", **llama}, vision_config=vision, image_token_id=vocabulary["<image>"],
        scale_factor=2, pad_token_id=3, tie_word_embeddings=False,
    )  # fmt: skip
    pictures = transformers.Idefics3ImageProcessorPil(size={"longest_edge": 56}, max_image_size={"longest_edge": 28})
    torch.manual_seed(0)
    transformers.Idefics3ForConditionalGeneration(config).save_pretrained(folder)
    transformers.Idefics3Processor(pictures, tokenizer, image_seq_len=1, chat_template=TEMPLATE).save_pretrained(folder)
    return folder


def reranking(folder: Path) -> Path:
    """A BERT with one output for a pair of texts in a folder."""
    transformers, tokenizer, _, vocabulary = parts()
    import torch

    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=128, type_vocab_size=2, num_labels=1, pad_token_id=3,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def talking(folder: Path) -> Path:
    """A Llama without eyes in a folder."""
    transformers, tokenizer, llama, _ = parts()
    import torch

    torch.manual_seed(0)
    transformers.LlamaForCausalLM(transformers.LlamaConfig(**llama)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
