"""The embedded model's tokenizer: inputs in characters, instructions in words.

A word is one token only when a blank stands before it and it belongs to the instruction vocabulary. ``Input: `` is a
token with its blank, so a one-word input is always spelled out, and the letter tasks see letters.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

SPECIAL = ["<pad>", "<s>", "</s>"]
FIXED = ["\n\nThe instruction was to", "\n\nInput: ", "Input: ", "\nOutput:", "Instruction:"]
PIECE = "|".join([*(re.escape(fixed).replace("\\\n", "\\n") for fixed in FIXED), " ?[A-Za-z]+", "[^\\n]", "\\n"])
CHAT_TEMPLATE = "{{ bos_token }}{{ messages[-1]['content'] }}"


def instruction_vocabulary(texts: Iterable[str], at_least: int = 3) -> list[str]:
    """Words that stand behind a blank in ``" " + text`` at least so often, each with its blank, in a stable order."""
    counts = Counter(word for text in texts for word in re.findall(r" [A-Za-z]+", " " + text))
    return sorted(word for word, count in counts.items() if count >= at_least and len(word) > 2)


def build(words: list[str], letters: str) -> PreTrainedTokenizerFast:
    """Builds the tokenizer.

    Args:
        words: the instruction vocabulary, each word with the blank before it.
        letters: characters beyond printable ASCII that get a token of their own; all others become bytes.
    """
    characters = sorted(set(string.ascii_letters + string.digits + string.punctuation + " \n" + letters))
    letters_after_blank = [" " + letter for letter in string.ascii_letters]
    bytes_ = [f"<0x{value:02X}>" for value in range(256)]
    tokens = dict.fromkeys([*SPECIAL, *characters, *FIXED, *letters_after_blank, *words, *bytes_])
    tokenizer = Tokenizer(
        BPE(
            vocab={token: index for index, token in enumerate(tokens)},
            merges=[],
            ignore_merges=True,  # a whole piece that is in the vocabulary is one token, all else falls to characters
            byte_fallback=True,
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECE), behavior="isolated")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens(SPECIAL)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        chat_template=CHAT_TEMPLATE,
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )
