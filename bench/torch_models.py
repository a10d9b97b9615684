"""The benchmark models as plain torch modules with the same weights.

Convolutional nets are rebuilt from graph.json (a flat layer list) in channels_last
memory format; the encoder, LSTM and MLP are written out by hand.
"""

import json
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def T(a):
    return torch.from_numpy(np.ascontiguousarray(a))


class SamePad(nn.Module):
    """TensorFlow's asymmetric SAME padding in front of a layer."""

    def __init__(self, inner, k, s, value=0.0):
        super().__init__()
        self.inner, self.k, self.s, self.value = inner, k, s, value

    def forward(self, x):
        p = []
        for n, k, s in ((x.shape[3], self.k[1], self.s[1]), (x.shape[2], self.k[0], self.s[0])):
            t = max((-(-n // s) - 1) * s + k - n, 0)
            p += [t // 2, t - t // 2]
        return self.inner(F.pad(x, p, value=self.value) if any(p) else x)


class Fn(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, *a):
        return self.f(*a)


ACT = {
    "relu": F.relu,
    "swish": F.silu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: F.softmax(x, -1),
    "linear": None,
    None: None,
}


def act_name(c):
    a = c.get("activation")
    return a if isinstance(a, (str, type(None))) else a["config"]


def weights_of(w, name):
    return {k.rsplit("/", 1)[1]: v for k, v in w.items() if k.rsplit("/", 1)[0].split("/")[-1] == name}


def conv(c, w, depthwise):
    k, s = tuple(c["kernel_size"]), tuple(c["strides"])
    ker = w["kernel"]
    if depthwise:
        ch = ker.shape[2]
        m = nn.Conv2d(ch, ch * ker.shape[3], k, s, groups=ch, bias="bias" in w)
        m.weight.data = T(ker.transpose(2, 3, 0, 1).reshape(-1, 1, *k))
    else:
        m = nn.Conv2d(ker.shape[2], ker.shape[3], k, s, bias="bias" in w)
        m.weight.data = T(ker.transpose(3, 2, 0, 1))
    if "bias" in w:
        m.bias.data = T(w["bias"])
    if c["padding"] == "same" and k != (1, 1):
        if s == (1, 1) and k[0] % 2 and k[1] % 2:
            m.padding = (k[0] // 2, k[1] // 2)
        else:
            return SamePad(m, k, s)
    return m


def layer(l, w):
    c, cls = l["config"], l["class"]
    if cls in ("Conv2D", "DepthwiseConv2D"):
        m, f = conv(c, w, cls[0] == "D"), ACT[act_name(c)]
        return m if f is None else nn.Sequential(m, Fn(f))
    if cls == "BatchNormalization":
        m = nn.BatchNorm2d(len(w["beta"]), eps=c["epsilon"])
        m.weight.data = T(w["gamma"]) if "gamma" in w else torch.ones(len(w["beta"]))
        m.bias.data = T(w["beta"])
        m.running_mean, m.running_var = T(w["moving_mean"]), T(w["moving_variance"])
        return m
    if cls == "Dense":
        m = nn.Linear(*w["kernel"].shape)
        m.weight.data, m.bias.data = T(w["kernel"].T), T(w["bias"])
        f = ACT[act_name(c)]
        return m if f is None else nn.Sequential(m, Fn(f))
    if cls == "ReLU":
        return nn.ReLU6() if c.get("max_value") == 6 else nn.ReLU()
    if cls == "Activation":
        return Fn(ACT[act_name(c)])
    if cls == "ZeroPadding2D":
        (t, b), (le, r) = c["padding"]
        return nn.ZeroPad2d((le, r, t, b))
    if cls in ("MaxPooling2D", "AveragePooling2D"):
        k, s = tuple(c["pool_size"]), tuple(c["strides"])
        mk = (
            (lambda p: nn.MaxPool2d(k, s, p))
            if cls[0] == "M"
            else (lambda p: nn.AvgPool2d(k, s, p, count_include_pad=False))
        )
        if c["padding"] == "same":
            if s == (1, 1):
                return mk((k[0] // 2, k[1] // 2))
            return SamePad(mk(0), k, s, float("-inf"))
        return mk(0)
    if cls == "GlobalAveragePooling2D":
        keep = c.get("keepdims", False)
        return Fn(lambda x: x.mean((2, 3), keepdim=keep))
    if cls == "Flatten":
        return Fn(lambda x: x.permute(0, 2, 3, 1).flatten(1))
    if cls == "Reshape":
        h, v, ch = c["target_shape"]
        return Fn(lambda x: x.reshape(-1, ch, h, v))
    if cls == "Rescaling":
        sc, of = c["scale"], c["offset"]
        sc = T(np.asarray(sc, "f4").reshape(1, -1, 1, 1)) if isinstance(sc, (list, tuple)) else sc
        return Fn(lambda x: x * sc + of)
    if cls == "Normalization":
        return nn.Identity()  # never adapted in these models: mean 0, variance 1
    if cls == "Add":
        return Fn(lambda *a: a[0] + a[1])
    if cls == "Multiply":
        return Fn(lambda *a: a[0] * a[1])
    if cls == "Concatenate":
        return Fn(lambda *a: torch.cat(a, 1))
    if cls in ("Dropout", "InputLayer"):
        return nn.Identity()
    raise NotImplementedError(cls)


class FromList(nn.Module):
    def __init__(self, graph, w):
        super().__init__()
        self.mods, self.plan, slot = nn.ModuleList(), [], {}
        for l in graph:
            slot[l["name"]] = len(slot)
            m = layer(l, weights_of(w, l["name"]))
            self.mods.append(m)
            self.plan.append((tuple(slot[i] for i in l["inputs"]), slot[l["name"]]))
        last = {}
        for step, (ins, _) in enumerate(self.plan):
            for i in ins:
                last[i] = step
        self.free = [tuple(i for i in set(ins) if last[i] == s) for s, (ins, _) in enumerate(self.plan)]

    def forward(self, x):
        v = {}
        for m, (ins, o), fr in zip(self.mods, self.plan, self.free):
            v[o] = m(*[v[i] for i in ins]) if ins else x
            for i in fr:
                if i != o:
                    del v[i]
        return v[self.plan[-1][1]]


class Encoder(nn.Module):
    def __init__(self, w, n=4, d=256, heads=8):
        super().__init__()
        g = lambda l, k: T(w[next(p for p in w if p.endswith(f"{l}/{k}"))])
        self.tok, self.pos = g("tok", "embeddings"), g("pos", "embeddings")
        self.heads, self.d = heads, d
        ln = lambda name: (g(name, "gamma"), g(name, "beta"))
        lin = lambda name: (g(name, "kernel").T.contiguous(), g(name, "bias"))
        self.ln_in, self.head, self.blocks = ln("ln_in"), lin("head"), []
        for i in range(n):
            ws = [g(f"mha{i}/{p}", "kernel").reshape(d, d) for p in ("query", "key", "value")]
            bs = [g(f"mha{i}/{p}", "bias").reshape(d) for p in ("query", "key", "value")]
            o = g(f"mha{i}/attention_output", "kernel").reshape(d, d)
            self.blocks.append(
                dict(
                    qkv=(torch.cat(ws, 1).T.contiguous(), torch.cat(bs)),
                    o=(o.T.contiguous(), g(f"mha{i}/attention_output", "bias")),
                    ln_a=ln(f"ln_a{i}"),
                    ln_f=ln(f"ln_f{i}"),
                    f1=lin(f"ff1_{i}"),
                    f2=lin(f"ff2_{i}"),
                )
            )

    def forward(self, ids):
        d, h = self.d, self.heads
        norm = lambda x, p: F.layer_norm(x, (d,), p[0], p[1], 1e-6)
        x = norm(F.embedding(ids, self.tok) + self.pos, self.ln_in)
        b, s, _ = x.shape
        for k in self.blocks:
            q, kk, v = F.linear(x, *k["qkv"]).view(b, s, 3, h, d // h).permute(2, 0, 3, 1, 4)
            a = F.scaled_dot_product_attention(q, kk, v).transpose(1, 2).reshape(b, s, d)
            x = norm(x + F.linear(a, *k["o"]), k["ln_a"])
            x = norm(x + F.linear(F.gelu(F.linear(x, *k["f1"])), *k["f2"]), k["ln_f"])
        return F.softmax(F.linear(x.mean(1), *self.head), -1)


class Lstm(nn.Module):
    def __init__(self, w, units=128):
        super().__init__()
        g = lambda k: next(v for p, v in w.items() if p.endswith(k))
        ker = g("lstm_cell/kernel")
        self.l = nn.LSTM(ker.shape[0], units, batch_first=True)  # same gate order: i f g o
        self.l.weight_ih_l0.data = T(ker.T)
        self.l.weight_hh_l0.data = T(g("lstm_cell/recurrent_kernel").T)
        self.l.bias_ih_l0.data = T(g("lstm_cell/bias"))
        self.l.bias_hh_l0.data.zero_()
        self.h = nn.Linear(units, 10)
        self.h.weight.data, self.h.bias.data = T(g("head/kernel").T), T(g("head/bias"))

    def forward(self, x):
        return F.softmax(self.h(self.l(x)[0][:, -1]), -1)


class Mlp(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.ls = nn.ModuleList()
        for n in ("d1", "d2", "d3"):
            k = w[f"{n}/kernel"]
            m = nn.Linear(*k.shape)
            m.weight.data, m.bias.data = T(k.T), T(w[f"{n}/bias"])
            self.ls.append(m)

    def forward(self, x):
        return F.softmax(self.ls[2](F.relu(self.ls[1](F.relu(self.ls[0](x))))), -1)


def build(mdir, meta):
    w = dict(np.load(os.path.join(mdir, "weights.npz")))
    hand = {"encoder": Encoder, "lstm": Lstm, "mlp": Mlp}.get(meta["name"])
    if hand:
        return hand(w)
    graph = json.load(open(os.path.join(mdir, "graph.json")))
    m = FromList(graph, w)
    return m.to(memory_format=torch.channels_last)
