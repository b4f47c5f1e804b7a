"""What the order of the steps tells: whose turn it was that a contribution was made for."""

from collections.abc import Iterable, Sequence

from oracle.ledger import Account, Made


def only_of_others(number: int, accounts: Iterable[Account], steps: Iterable[Made]) -> bool:
    """Whether all that was wiped came from backward calls that other optimizers applied."""
    wiped = {one.backward.order for account in accounts for one in account.wasted}
    had = {order for one in steps if one.whose != number for order in one.applied}
    return wiped <= had


def leaks(number: int, account: Account, steps: Sequence[Made]) -> bool:
    """Whether the step that a contribution was for, another optimizer's, was before the next.

    It was for that step too if it was wiped from what that step applies.
    """
    orders = [one.backward.order for one in account.fresh if not one.backward.by_hand]
    return len(orders) > 1 and any(
        min(orders) < one.when < max(orders)
        and one.whose != number
        and min(orders) in one.applied | one.wiped
        for one in steps
    )
