"""Programs whose question is what shape a loss has."""

import re

from oracle.compose.dice import Dice
from oracle.compose.pieces import SETUP, Draft, Lines, looped, model, nested, optimizer


def _items(text: str) -> tuple[str, ...]:
    """What stands in a text, two or more blanks apart."""
    return tuple(re.split(r"\s{2,}|\n", text.strip()))


_LEAVES = (
    "torch.randn(3, 4, requires_grad=True)",
    "torch.ones(5, requires_grad=True)",
    "torch.tensor([1.0, 2.0], requires_grad=True)",
    "torch.tensor(3.0, requires_grad=True)",
    "torch.rand(1, requires_grad=True)",
    "torch.zeros(2, 1, requires_grad=True)",
    "nn.Parameter(torch.randn(4))",
    "nn.Linear(4, 2)(torch.randn(3, 4))",
    "nn.Linear(4, 1)(torch.randn(1, 4))",
    "nn.Linear(4, 3)(torch.randn(4))",
    "torch.linspace(0.0, 1.0, 6).requires_grad_()",
    "F.mse_loss(torch.randn(4, requires_grad=True), torch.randn(4), reduction='none')",
    "nn.L1Loss(reduction='none')(torch.randn(4, 1, requires_grad=True), torch.randn(4, 1))",
    "nn.CrossEntropyLoss(reduction='none')(torch.randn(3, 3).requires_grad_(), torch.arange(3))",
    "F.cross_entropy(nn.Linear(4, 3)(torch.randn(2, 4)), torch.tensor([0, 2]))",
)
_OPERATIONS = _items("""\
{0}.sum()  {0}.mean()  {0}.sum(dim=0)  {0}.mean(-1)  {0}.sum(1)  {0}.mean(0, keepdim=True)
torch.mean({0})  torch.sum({0}, dim=0)  {0}.sum((0, 1))  {0}.norm()  {0}.norm(dim=0)  {0}.max()
{0}.max(dim=0).values  {0}.max(0)[0]  {0}.min()  {0}[0]  {0}[-1]  {0}[:1]  {0}[1:]  {0}[0, 1]
{0}[:, 0]  {0}[..., 0]  {0}[None]  {0}.squeeze()  {0}.squeeze(0)  {0}.unsqueeze(0)  {0}.view(-1)
{0}.reshape(-1, 1)  {0}.flatten()  {0}.T  {0}.t()  {0} * 2  1 - {0}  {0} ** 2  {0} + {1}
{0} * {1}  {0} @ {1}  {0} / len({0})  -{0}  {0}.exp()  torch.tanh({0})  {0}.abs()  F.relu({0})
{0}.clamp(min=0)  torch.stack([{0}, {0}])  torch.cat([{0}, {0}])  {0}.chunk(2)[0]
{0}.softmax(0)  F.log_softmax({0}, dim=0)  torch.where({0} > 0, {0}, {0} * 0.1)  {0}[{0} > 0]
{0}.expand(3, -1)  {0}.repeat(2)  {0}.prod()  {0}.std()  {0}.var(0)  torch.dot({0}, {0})
torch.einsum('i,i->', {0}, {0})  torch.outer({0}, {0})  {0}.diagonal()  {0}.cumsum(0)
{0}.logsumexp(0)  {0}.median()  F.mse_loss({0}, torch.zeros_like({0}))
F.mse_loss({0}, {0} * 0, reduction='none')  F.l1_loss({0}, {0} * 0, reduction='sum')  sum({0})
max({0})  torch.add({0}, 1)  {0}.view(1)  {0}.pow(2).sum().sqrt()  {0}.trace()  {0}.mul({1})
torch.linalg.vector_norm({0})  {0}.mean(dim=tuple(range({0}.dim())))  torch.min({0}, {0} * 2)
{0}.detach() + {0}  {0}.float()  {0}.to(torch.float64)  {0}.clone()  {0}.contiguous()
{0}.sort().values  {0}.topk(1).values  {0}.gather(0, torch.tensor([0]))
{0}.index_select(0, torch.tensor([0]))  {0}.masked_fill({0} < 0, 0.0)  {0}.narrow(0, 0, 1)
{0}.select(0, 0)  {0}.unbind()[0]
""")
_BACKWARDS = (
    "{0}.backward()",
    "{0}.backward()",
    "{0}.backward()",
    "{0}.backward(retain_graph=True)",
    "torch.autograd.backward({0})",
    "torch.autograd.backward([{0}])",
    "{0}.backward(torch.ones_like({0}))",
    "{0}.backward(gradient=None)",
)
_UNREDUCED = (
    "criterion(model(x), y)",
    "F.mse_loss(model(x), y, reduction='none')",
    "(model(x) - y) ** 2",
    "(model(x) - y).abs()",
    "F.smooth_l1_loss(model(x), y, reduction='none')",
)
_REDUCED = _items("""\
{}.mean()  {}.sum()  {}.mean(dim=0)  {}.sum(0).sum()  {}.mean(dim=1).mean()  {}
{}.squeeze(1).mean()  ({} * weight).mean()  ({} * weight).sum() / weight.sum()  {} * weight
torch.mean({})  {}.flatten().sum(0)  {}.view(-1)  {}.max()  {}.sum(dim=1)  {}[0]  {}[0, 0]
""")


def expression(dice: Dice) -> Draft:
    """A few operations from a leaf to a backward."""
    lines: Lines = [f"a = {dice.one_of(_LEAVES)}", f"b = {dice.one_of(_LEAVES)}"]
    name = "a"
    for step in range(dice.number(1, 4)):
        made = dice.one_of(_OPERATIONS).format(name, dice.pick("b", name))
        if dice.chance(0.6):
            lines.append(f"v{step} = {made}")
            name = f"v{step}"
        else:
            name = f"({made})"
    lines.append(dice.one_of(_BACKWARDS).format(name))
    return Draft(["shapes = 0"], lines)


def reduction(dice: Dice) -> Draft:
    """A training loop whose loss is reduced, or not."""
    criterion = dice.pick("nn.MSELoss()", "nn.MSELoss(reduction='none')", "nn.L1Loss(reduce=False)")
    made = dice.one_of(_REDUCED).format(f"({dice.one_of(_UNREDUCED)})")
    lines = ["optimizer.zero_grad()", f"loss = {made}", "loss.backward()", "optimizer.step()"]
    if dice.chance(0.2):
        lines[2:2] = nested("if loss.dim() > 0:", ["loss = loss.mean()"])
    elif dice.chance(0.2):
        lines[2:2] = [f"loss = loss {dice.pick('/ 2', '* weight', '+ x.mean()', '- 1')}"]
    setup = [SETUP[0], f"criterion = {criterion}", "weight = torch.rand(6, 1)"]
    setup += [
        f"model = {model(dice, 4, 1)}",
        f"optimizer = {optimizer(dice, 'model.parameters()')}",
    ]
    return Draft(setup, looped(dice, lines))
