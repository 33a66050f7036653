"""Text on the terminal: harmless, never cut inside a word, in any encoding."""

import codecs
import re
import shutil
import sys
import textwrap
import unicodedata

# Control characters without the line feed, marks that turn the direction of text, surrogates.
_HARMFUL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SPELLED = {"∂": "d", "∇": "grad ", "Σ": "sum ", "×": "x", "·": "*", "‖": "||", "→": "->"}
_SPELLED |= {"≤": "<=", "≥": ">=", "–": "-", "—": "-", "│": "|", "─": "-", "′": "'"}
_HANDLER = "slopenet.spelled"


def printable(text: str) -> str:
    r"""Return text in which every harmful character is written as its code, like ``\x1b``."""
    return _HARMFUL.sub(lambda found: _code(found[0]), text)


def folded(text: str, *, err: bool = False) -> str:
    """Return text whose lines fit a terminal, broken between words; unchanged for other files."""
    stream = sys.stderr if err else sys.stdout
    if stream is None or not stream.isatty():
        return text
    width = max(20, shutil.get_terminal_size().columns)
    return "\n".join(_fold(line, width) for line in text.split("\n"))


def say(text: str, *, err: bool = False) -> None:
    """Print plain text, in the encoding of the stream, which click would not keep to."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        print(folded(printable(text), err=err), file=stream, flush=True)


def prepare() -> None:
    """Let stdout and stderr spell characters that their encoding does not have."""
    codecs.register_error(_HANDLER, _spell)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def show_warning(message: Warning | str, *_place: object, **_more: object) -> None:
    """Print a warning as one sentence, without its place in the code."""
    say(f"Warning: {sentence(str(message))}", err=True)


def sentence(message: str) -> str:
    """Return a message, which has no full stop of its own, as a sentence on one line."""
    return f"{' '.join(message.split()).removesuffix('.')}."


def _fold(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    wrapped = textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return "\n".join(wrapped)


def _code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Return how to write the characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelled, error.object[error.start : error.end])), error.end


def _spelled(character: str) -> str:
    if character in _SPELLED:
        return _SPELLED[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK") and " WITH " not in name:
        letter = name.split()[-1].lower()
        return letter.capitalize() if "CAPITAL" in name else letter
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or character.encode("ascii", "backslashreplace").decode()
