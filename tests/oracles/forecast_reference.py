"""An oracle: the forecast model in its plainest form, which replays every day for every customer and is slow.

It came with the description of the model and settles what that text leaves open. Only its shell was changed (it takes
days in memory and returns probabilities, where it read and wrote files); the arithmetic is as it came. It shares no
code with `domain.forecast`, only the coefficients it came with, and is never imported by the product.
"""

import json
import math
from pathlib import Path

prior = json.loads(Path(__file__).with_name("prior_shared.json").read_text())
B0, SD, M = prior["coef"], prior["sd"], len(prior["coef"])
KEEP = 0.5 ** (1 / 90)
L0 = [1.0] + [20 * s * s for s in SD[1:]]


def lo(p):
    p = min(max(p, 1e-5), 1 - 1e-5)
    return math.log(p / (1 - p))


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def sig(z):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def solve(A, y):
    A = [r[:] + [v] for r, v in zip(A, y, strict=True)]
    for i in range(M):
        p = max(range(i, M), key=lambda r: abs(A[r][i]))
        A[i], A[p] = A[p], A[i]
        for r in range(i + 1, M):
            f = A[r][i] / A[i][i]
            if f:
                for c in range(i, M + 1):
                    A[r][c] -= f * A[i][c]
    x = [0.0] * M
    for i in reversed(range(M)):
        x[i] = (A[i][M] - sum(A[i][c] * x[c] for c in range(i + 1, M))) / A[i][i]
    return x


class Customer:
    def __init__(s, t):
        s.n, s.first, s.last, s.prev, s.days, s.known = 1, t, t, 0, {t}, 0
        s.E, s.X = {7: 0.0, 28: 0.0, 90: 0.0}, {7: 0.0, 28: 0.0, 90: 0.0}
        s.F, s.XF, s.S, s.XS, s.st = [0.0] * 7, [0.0] * 7, [0.0] * 7, [0.0] * 7, [0] * 7
        s.gs = s.g2 = s.gw = 0.0
        s.G = [0.0] * 37


def probabilities(seen, day):
    """Return {customer: probability} for `day` from {date: {customer: minute}} of days before it, in any order.

    It learns on the last 150 open days of `seen`.
    """
    d0 = min(seen)
    T = (day - d0).days
    cs: dict[str, Customer] = {}
    hist: list[tuple[int, float]] = []
    shopE, shopX = [0.0] * 7, [0.0] * 7
    opens = sorted((d - d0).days for d in seen)
    learn = set(opens[-150:])
    at = {(d - d0).days: came for d, came in seen.items()}
    b, A = B0[:], [[0.0] * M for _ in range(M)]

    def today(t, w):
        cand = {k: c for k, c in cs.items() if c.n >= 2}
        e28, x28 = sum(c.E[28] for c in cand.values()), sum(c.X[28] for c in cand.values())
        mu = min(max(e28 / max(1e-9, x28), 1e-4), 0.9)
        f = (shopE[w] + 1) / (shopX[w] + 1)
        h = hist[-3:]
        now = 0.0
        if h:
            now = math.log(min(max((sum(x for x, _ in h) + 1) / (sum(e for _, e in h) + 1), 0.2), 5))
        rows = {}
        for k, c in cand.items():
            r7, r28, r90 = ((c.E[i] + 4 * mu) / (c.X[i] + 4) for i in (7, 28, 90))
            p0 = min(max(f * (r28 + r90) / 2, 1e-4), 0.98)
            d = t - c.last
            raw = c.gs / c.gw if c.gw else 1 / mu
            g = (c.gw * raw + 2 * min(1 / mu, 60)) / (c.gw + 2)
            var = c.g2 / c.gw - raw * raw if c.gw else g * g
            i = min(d, 36)
            a, z = max(i - 1, 1), min(i + 1, 36)
            near = lo((c.G[a] + c.G[i] + c.G[z] + 0.5) / (sum(c.G) + 2))
            rows[k] = [
                1.0,
                lo((c.F[w] + 1.5 * p0) / (c.XF[w] + 1.5)),
                lo((c.S[w] + 1.5 * p0) / (c.XS[w] + 1.5)),
                lo(r7),
                lo(r28),
                lo((c.n + 4 * mu) / (c.known + 4)),
                math.log(d),
                max(0.0, math.log((d + 0.5) / (g + 0.5))),
                math.log(c.n + 1),
                float(t - 1 in c.days),
                float(t - 7 in c.days),
                math.log(f),
                now,
                near,
                math.log(math.sqrt(max(var, 0.05)) / g + 0.05),
                c.st[w],
                math.log1p(c.prev),
            ]
        return rows

    for t in range(T):
        w, came = (d0.weekday() + t) % 7, at.get(t, {})
        if not came:
            continue  # closed: nothing decays, nothing is learnt
        if t in learn and t >= 14:
            rows = today(t, w)
            if rows:
                g = [-(1 - KEEP) * prec * (x - x0) for prec, x, x0 in zip(L0, b, B0, strict=True)]
                A = [[KEEP * v for v in r] for r in A]
                for k, x in rows.items():
                    p = sig(dot(b, x))
                    e, q = float(k in came) - p, p * (1 - p)
                    for i in range(M):
                        g[i] += e * x[i]
                        xi = q * x[i]
                        Ai = A[i]
                        for j in range(M):
                            Ai[j] += xi * x[j]
                step = solve([[v + (L0[i] if i == j else 0) for j, v in enumerate(r)] for i, r in enumerate(A)], g)
                b = [x + s for x, s in zip(b, step, strict=True)]
        cand = [c for c in cs.values() if c.n >= 2]
        mu = max(1e-4, sum(c.E[28] for c in cand) / max(1e-9, sum(c.X[28] for c in cand)))
        exp_ = sum((c.E[28] + 4 * mu) / (c.X[28] + 4) for c in cand)
        k2 = sum(1 for k, c in cs.items() if c.n >= 2 and k in came)
        f = (shopE[w] + 1) / (shopX[w] + 1)
        if exp_ > 0:
            hist.append((k2, exp_ * f))
        shopE[w] = shopE[w] * 0.5 ** (1 / 8) + k2
        shopX[w] = shopX[w] * 0.5 ** (1 / 8) + exp_
        for k, c in cs.items():
            hit = k in came
            for hl in c.E:
                c.E[hl] = c.E[hl] * 0.5 ** (1 / hl) + hit
                c.X[hl] = c.X[hl] * 0.5 ** (1 / hl) + 1
            c.F[w] = c.F[w] * 0.5**0.25 + hit
            c.XF[w] = c.XF[w] * 0.5**0.25 + 1
            c.S[w] = c.S[w] * 0.5 ** (1 / 16) + hit
            c.XS[w] = c.XS[w] * 0.5 ** (1 / 16) + 1
            c.known += 1
            c.st[w] = c.st[w] + 1 if hit else 0
            if hit:
                gap = t - c.last
                c.G = [v * 0.97 for v in c.G]
                c.G[min(gap, 36)] += 1
                c.gs = c.gs * 0.9 + gap
                c.g2 = c.g2 * 0.9 + gap * gap
                c.gw = c.gw * 0.9 + 1
                c.prev, c.last, c.n = gap, t, c.n + 1
                c.days.add(t)
        for k in came:
            if k not in cs:
                cs[k] = Customer(t)
                cs[k].st[w] = 1
    return {k: sig(dot(b, x)) for k, x in today(T, day.weekday()).items()}
