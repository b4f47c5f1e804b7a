"""The part of the oracle's eyes that sees which gradients are multiplied by a loss scale."""

import functools
from collections.abc import Callable
from typing import Any

from oracle.ledger import Account, nodes_of


class Scalers:
    """What scalers have scaled, and what they have unscaled."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._nodes: dict[Any, Any] = {}
        """Which scaler has made a node of a graph; kept, so that no node's identity comes again."""

    def scaler_of(self, roots: list[Any]) -> Any:
        """The scaler that some tensors have gone through, None if there is none."""
        if not self._nodes:
            return None
        return next((self._nodes[one] for one in nodes_of(roots) if one in self._nodes), None)

    def watched_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """`GradScaler.scale`, watched."""

        @functools.wraps(original)
        def scale(scaler: Any, outputs: Any) -> Any:
            result = original(scaler, outputs)
            for one in result if isinstance(result, (list, tuple)) else [result]:
                if scaler.is_enabled() and getattr(one, "grad_fn", None) is not None:
                    self._nodes[one.grad_fn] = scaler
            return result

        return scale

    @staticmethod
    def watched_unscale(
        original: Callable[..., Any], accounts_of: Callable[[Any], list[Account]]
    ) -> Callable[..., Any]:
        """`GradScaler.unscale_`, watched."""

        @functools.wraps(original)
        def unscale(scaler: Any, optimizer: Any) -> Any:
            accounts = accounts_of(optimizer)
            for account in accounts:
                account.observe()
            result = original(scaler, optimizer)
            for account in accounts:
                account.observe()
                for one in account.contents:
                    one.scaled = False
            return result

        return unscale
