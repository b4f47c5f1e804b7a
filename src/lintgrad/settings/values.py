"""Settings as values, and what a call of lintgrad asks for on top of them."""

from dataclasses import dataclass, replace

from lintgrad.rule import Confidence


@dataclass(frozen=True, slots=True)
class Settings:
    """What a configuration file says; keys are spelled as the options of `lintgrad check`."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    confidence: Confidence = Confidence.MEDIUM
    pedantic: bool = False
    optimizer_factories: tuple[str, ...] = ()
    backward_functions: tuple[str, ...] = ()
    clearing_functions: tuple[str, ...] = ()
    output_format: str | None = None
    file: str | None = None
    """The configuration file, whose folder patterns are relative to; None if there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for, whatever the files say; None and () leave it to them."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    confidence: Confidence | None = None
    pedantic: bool | None = None
    output_format: str | None = None

    def over(self, settings: Settings) -> Settings:
        """The settings with what is asked for in place of what they say, or added to it.

        A selection that is asked for replaces both keys that select.
        """
        selected = self.select or settings.select
        extended = () if self.select else settings.extend_select
        return replace(
            settings,
            select=selected,
            extend_select=(*extended, *self.extend_select),
            ignore=(*settings.ignore, *self.ignore),
            exclude=settings.exclude if self.exclude is None else self.exclude,
            extend_exclude=(*settings.extend_exclude, *self.extend_exclude),
            confidence=settings.confidence if self.confidence is None else self.confidence,
            pedantic=settings.pedantic if self.pedantic is None else self.pedantic,
            output_format=self.output_format or settings.output_format,
        )
