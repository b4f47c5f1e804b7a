"""`lintgrad explain` and `lintgrad rules`: the rule modules' own documentation."""

import click


@click.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Say what a rule finds, and why it matters.

    RULE is a code, a name or a prefix of codes.
    """
    from lintgrad.cli.output import prepare, write_lines
    from lintgrad.docs import page
    from lintgrad.registry import installed_rules, matching

    prepare()
    for found in matching(installed_rules(), rule):
        write_lines(page(found).splitlines())


@click.command()
def rules() -> None:
    """List the rules."""
    from lintgrad.cli.output import prepare, write_lines
    from lintgrad.registry import installed_rules

    prepare()
    known = installed_rules()
    width = max(len(rule.name) for rule in known)
    write_lines(
        f"{rule.code}  {rule.name:<{width}}  {rule.severity:<7}  {rule.summary}" for rule in known
    )
