"""The keys of a configuration file: what each may hold, and what it means."""

from dataclasses import dataclass
from enum import Enum, auto

OUTPUT_FORMATS = (
    "full",
    "concise",
    "json",
    "jsonl",
    "github",
    "gitlab",
    "junit",
    "rdjson",
    "sarif",
)
CONFIDENCES = ("low", "medium", "high")

DOTTED_NAME = r"[^\W\d]\w*(\.[^\W\d]\w*)+"
"""The pattern of a dotted name: a module and what is in it."""


class Kind(Enum):
    """What a key may hold."""

    RULES = auto()
    """Codes, names or prefixes of codes."""
    PATTERNS = auto()
    """Patterns as in a `.gitignore`."""
    RULES_BY_PATTERN = auto()
    WORD = auto()
    """One of a few words."""
    FLAG = auto()
    NAMES = auto()
    """Dotted names of functions, as they are imported."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a configuration file."""

    name: str
    kind: Kind
    meaning: str
    words: tuple[str, ...] = ()


KEYS = (
    Key("select", Kind.RULES, "The rules to run; all of them if none is named."),
    Key("extend-select", Kind.RULES, "Rules to run besides the selected ones."),
    Key("ignore", Kind.RULES, "Rules not to run."),
    Key(
        "per-file-ignores",
        Kind.RULES_BY_PATTERN,
        "Rules not to run on the files that a pattern matches.",
    ),
    Key(
        "exclude",
        Kind.PATTERNS,
        "Files and folders to leave out, instead of the ones left out by default "
        "(such as .venv and build).",
    ),
    Key("extend-exclude", Kind.PATTERNS, "Files and folders to leave out besides those."),
    Key(
        "confidence", Kind.WORD, "The least confidence to report; medium if not given.", CONFIDENCES
    ),
    Key("pedantic", Kind.FLAG, "Report what depends on intent, too."),
    Key(
        "optimizer-factories",
        Kind.NAMES,
        "Dotted names of functions that build an optimizer, such as mylib.optim.make_optimizer.",
    ),
    Key(
        "backward-functions",
        Kind.NAMES,
        "Dotted names of functions that run backward on their first argument.",
    ),
    Key(
        "clearing-functions",
        Kind.NAMES,
        "Dotted names of functions that clear the gradients of the optimizer or model they get.",
    ),
    Key(
        "output-format",
        Kind.WORD,
        "How to report; full on a terminal and concise elsewhere if not given.",
        OUTPUT_FORMATS,
    ),
)
