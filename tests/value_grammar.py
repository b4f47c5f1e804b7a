"""What programs over tensors are made of: expressions and statements with gaps to fill."""

_EXPRESSIONS = """
A + B
A * B
A + A.mean()
A.mean()
A.sum()
A * 0.5
A - 2
3 / (B + 1)
-A
A ** 2
abs(A)
A @ B
A > 0.5
A.exp()
A.relu()
F.softmax(A, dim=D)
A.clamp(min=0.1)
A.clone()
A.float()
A.sum()
A.sum(D)
A.mean(dim=D)
A.mean(D, keepdim=True)
A.sum((0, 1))
A.std(D)
A.norm()
A.norm(dim=D)
A.logsumexp(D)
A.prod()
A.amax(D)
A.max()
A.max(D)
A.max(D)[0]
A.min(dim=D).values
A.median()
torch.max(A, B)
torch.maximum(A, B)
torch.where(A > 0, A, B)
torch.stack([A, B])
torch.stack([A, A], dim=D)
torch.stack(L)
torch.cat([A, B], dim=D)
torch.cat([A, A])
torch.hstack([A, B])
sum(L)
sum([A, B])
sum(x * 2 for x in L)
max(A, B)
len(L)
[A, B]
[A]
{"a": A, "b": B}
M["a"]
M["b"]
sum(M.values())
L[I]
A[I]
A[I, J]
A[:, I]
A[:2]
A[I:J]
A[None]
A[..., 0]
A[A > 0.5]
A[labels]
A.view(-1)
A.view(2, -1)
A.reshape(-1, 3)
A.flatten()
A.flatten(1)
A.squeeze()
A.squeeze(D)
A.unsqueeze(D)
A.transpose(0, 1)
A.T
A.t()
A.permute(1, 0)
A.expand(2, 3)
A.repeat(2, 1)
A.chunk(2)[0]
A.unbind(D)[0]
A.gather(1, labels.view(2, 1))
A.diagonal()
torch.einsum("ij,ij->i", A, B)
torch.einsum("ij,ij->", A, B)
torch.einsum("i,j", A, B)
torch.dot(A, B)
torch.outer(A, B)
A.matmul(B)
torch.inner(A, B)
F.cosine_similarity(A, B, dim=D)
F.mse_loss(A, B, reduction=R)
F.mse_loss(A, B)
F.l1_loss(A, B, reduction="none")
F.cross_entropy(A, labels, reduction=R)
F.cross_entropy(A, labels)
nn.SmoothL1Loss(reduction=R)(A, B)
nn.CrossEntropyLoss(reduction="none")(A, labels)
nn.MSELoss("none")(A, B)
reduced(A, R)
reduced(A, dim=D)
reduced(value=A, reduction="none")
cut(A)
cut(A, 1)
average(A, B)
each(A, B)
Weighted(reduction=R)(A, B)
layer(A)
network(A)
A.detach()
A.data
A.item()
float(A)
torch.tensor(1.0)
torch.tensor([1.0, 2.0])
torch.tensor(A.detach())
torch.tensor(L)
torch.as_tensor(A)
torch.as_tensor(L)
torch.zeros(2, 3)
torch.zeros_like(A)
torch.ones(3, requires_grad=True)
torch.autograd.Variable(A)
A.detach().requires_grad_()
A if A.dim() > 1 else B
A if A.ndim == 0 else A.sum()
A.argmax()
(A > 0).float()
A.size(0)
A.shape
A.numel()
"""
EXPRESSIONS = [line for line in _EXPRESSIONS.splitlines() if line]

_STATEMENTS = """
A = A + B
A *= 2
A += B
A += E
A -= B
L += [A]
L += M["b"]
M["a"] += A
L[0] += A
A = L
A = E
A = E
A = E
A = E
A = E
A = E
A, B = B, A
A, B = E, E
A.add_(1)
A.detach_()
A.requires_grad_()
L.append(A)
M["a"] = A
M["c"] = E
A.requires_grad = True
if len(L) > 2:\n    A = E
if torch.rand(()) > 2:\n    A = E\nelse:\n    B = E
for x in range(2):\n    A = A + B
for x in L:\n    A = A * x
while A.dim() > 1:\n    A = A.sum(0)
with torch.no_grad():\n    A = E
with torch.no_grad():\n    A = E\n    with torch.enable_grad():\n        B = E
with torch.set_grad_enabled(False):\n    A = E
with torch.no_grad():\n    A += B
with torch.no_grad():\n    A.mul_(B)
try:\n    A = E\nexcept RuntimeError:\n    A = B
"""
STATEMENTS = [line.replace("\\n", "\n") for line in _STATEMENTS.splitlines() if line]
