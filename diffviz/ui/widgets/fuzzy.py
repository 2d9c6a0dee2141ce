"""Finding a command from a few letters of its name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Match:
    """How well a name answers a query (more is better), and which of its letters do."""

    score: float
    positions: tuple[int, ...]


def fuzzy_match(query: str, name: str) -> Match | None:
    """
    Match the letters of a query in order, wherever they stand in a name.

    Letters at the start of words and in unbroken rows count most: "eg" finds "Export GIF" before "Legend".

    Parameters
    ----------
    query
        What was typed; spaces and case do not matter.
    name
        What may be meant.

    Returns
    -------
    Match or None
        None where some letter is missing.
    """
    letters = [letter for letter in query.casefold() if not letter.isspace()]
    folded = name.casefold()
    if not letters:
        return Match(0.0, ())
    best: Match | None = None
    for start in (index for index, letter in enumerate(folded) if letter == letters[0]):
        found = _match_from(letters, folded, start)
        if found is not None and (best is None or found.score > best.score):
            best = found
    return best


def _match_from(letters: list[str], name: str, start: int) -> Match | None:
    """Best greedy match whose first letter stands at ``start``."""
    positions = [start]
    for letter in letters[1:]:
        after = positions[-1] + 1
        if after < len(name) and name[after] == letter:
            positions.append(after)
            continue
        at_word = next(
            (i for i in range(after, len(name)) if name[i] == letter and _starts_word(name, i)), -1
        )
        found = at_word if at_word >= 0 else name.find(letter, after)
        if found < 0:
            return None
        positions.append(found)
    score = 0.0
    for index, position in enumerate(positions):
        follows = index > 0 and position == positions[index - 1] + 1
        score += 1.0 + (1.5 if _starts_word(name, position) else 0.0) + (1.0 if follows else 0.0)
    return Match(score - 0.02 * len(name) - 0.05 * start, tuple(positions))


def _starts_word(name: str, index: int) -> bool:
    return index == 0 or not name[index - 1].isalnum()
