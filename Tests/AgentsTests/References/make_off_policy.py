"""Golden values of DDPG's, TD3's, SAC's and DQN's updates, by PyTorch 2.15.0: two updates of small networks from
given weights and minibatches. Run with Python 3: python make_off_policy.py, which writes off_policy.json here.

Weights are written as [in, out], layer by layer; the minibatch is the same for all."""
import json
import math
import pathlib

import torch
from torch import nn
from torch.distributions import Normal
from torch.distributions.transforms import TanhTransform

torch.manual_seed(7)
OBSERVATIONS, ACTIONS, ROWS, HIDDEN = 3, 2, 5, [6, 4]
GAMMA, TAU, RATE = 0.98, 0.05, 0.01


def network(inputs, outputs):
    sizes = [inputs] + HIDDEN + [outputs]
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def copy(source):
    import copy as library

    return library.deepcopy(source)


def numbers(tensor):
    return [float(x) for x in tensor.detach().reshape(-1)]


def parameters(named):
    """name -> numbers, weights transposed."""
    result = {}
    for prefix, net in named:
        linear = [m for m in net if isinstance(m, nn.Linear)]
        for i, layer in enumerate(linear):
            result[f"{prefix}.layers.{i}.weight"] = numbers(layer.weight.T)
            result[f"{prefix}.layers.{i}.bias"] = numbers(layer.bias)
    return result


def average(target, source):
    with torch.no_grad():
        for t, s in zip(target.parameters(), source.parameters()):
            t.mul_(1 - TAU).add_(s, alpha=TAU)


observations = torch.randn(ROWS, OBSERVATIONS)
actions = torch.rand(ROWS, ACTIONS) * 2 - 1
rewards = torch.randn(ROWS)
following = torch.randn(ROWS, OBSERVATIONS)
terminated = torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0])
discounts = GAMMA * (1 - terminated)
noises = [torch.randn(ROWS, ACTIONS) * 0.4 for _ in range(2)]
normals = [(torch.randn(ROWS, ACTIONS), torch.randn(ROWS, ACTIONS)) for _ in range(2)]
choices = torch.tensor([0, 2, 1, 1, 0])


def q(critic, s, a):
    return critic(torch.cat([s, a], dim=1)).squeeze(1)


def deterministic(critic_count, delay, smooth):
    actor = network(OBSERVATIONS, ACTIONS)
    critics = [network(OBSERVATIONS + ACTIONS, 1) for _ in range(critic_count)]
    target_actor, target_critics = copy(actor), copy(critics)
    # Targets that differ from what they follow.
    with torch.no_grad():
        for net in [target_actor] + target_critics:
            for p in net.parameters():
                p.add_(torch.randn_like(p) * 0.1)

    def named():
        return (
            [("actor", actor)]
            + [(f"critics.{i}", c) for i, c in enumerate(critics)]
            + [("targetActor", target_actor)]
            + [(f"targetCritics.{i}", c) for i, c in enumerate(target_critics)]
        )

    before = parameters(named())
    actor_adam = torch.optim.Adam(actor.parameters(), lr=RATE)
    critic_adam = torch.optim.Adam([p for c in critics for p in c.parameters()], lr=RATE)
    for update in range(2):
        with torch.no_grad():
            a = target_actor(following).tanh()
            if smooth:
                a = (a + noises[update].clamp(-0.5, 0.5)).clamp(-1, 1)
            y = rewards + discounts * torch.stack([q(c, following, a) for c in target_critics]).amin(0)
        loss = sum(((q(c, observations, actions) - y) ** 2).mean() for c in critics)
        critic_adam.zero_grad()
        loss.backward()
        critic_adam.step()
        if (update + 1) % delay:
            continue
        actor_loss = -q(critics[0], observations, actor(observations).tanh()).mean()
        actor_adam.zero_grad()
        actor_loss.backward()
        actor_adam.step()
        average(target_actor, actor)
        for t, c in zip(target_critics, critics):
            average(t, c)
    return {"before": before, "after": parameters(named())}


def soft():
    actor = network(OBSERVATIONS, 2 * ACTIONS)
    critics = [network(OBSERVATIONS + ACTIONS, 1) for _ in range(2)]
    target_critics = copy(critics)
    with torch.no_grad():
        for net in target_critics:
            for p in net.parameters():
                p.add_(torch.randn_like(p) * 0.1)
    log_alpha = torch.tensor([math.log(0.5)], requires_grad=True)

    def named():
        nets = (
            [("actor", actor)]
            + [(f"critics.{i}", c) for i, c in enumerate(critics)]
            + [(f"targetCritics.{i}", c) for i, c in enumerate(target_critics)]
        )
        result = parameters(nets)
        result["temperature.logAlpha"] = numbers(log_alpha)
        return result

    def sample(s, noise):
        output = actor(s)
        mean, log_std = output[:, :ACTIONS], output[:, ACTIONS:].clamp(-20, 2)
        normal = Normal(mean, log_std.exp())
        u = mean + log_std.exp() * noise
        squash = TanhTransform()
        a = u.tanh()
        log_probability = normal.log_prob(u) - squash.log_abs_det_jacobian(u, a)
        return a, log_probability.sum(1)

    before = named()
    actor_adam = torch.optim.Adam(actor.parameters(), lr=RATE)
    critic_adam = torch.optim.Adam([p for c in critics for p in c.parameters()], lr=RATE)
    alpha_adam = torch.optim.Adam([log_alpha], lr=RATE)
    for update in range(2):
        noise, next_noise = normals[update]
        alpha = float(log_alpha.detach().exp())
        with torch.no_grad():
            a, log_probability = sample(following, next_noise)
            least = torch.stack([q(c, following, a) for c in target_critics]).amin(0)
            y = rewards + discounts * (least - alpha * log_probability)
        a, log_probability = sample(observations, noise)
        alpha_loss = -(log_alpha * (log_probability.detach() - ACTIONS)).mean()
        alpha_adam.zero_grad()
        alpha_loss.backward()
        alpha_adam.step()
        loss = 0.5 * sum(((q(c, observations, actions) - y) ** 2).mean() for c in critics)
        critic_adam.zero_grad()
        loss.backward()
        critic_adam.step()
        least = torch.stack([q(c, observations, a) for c in critics]).amin(0)
        actor_loss = (alpha * log_probability - least).mean()
        actor_adam.zero_grad()
        actor_loss.backward()
        actor_adam.step()
        for t, c in zip(target_critics, critics):
            average(t, c)
    return {"before": before, "after": named()}


def q_learning(double):
    online = network(OBSERVATIONS, 3)
    target = copy(online)
    with torch.no_grad():
        for p in target.parameters():
            p.add_(torch.randn_like(p) * 0.1)

    def named():
        return parameters([("online.body", online), ("target.body", target)])

    before = named()
    adam = torch.optim.Adam(online.parameters(), lr=RATE)
    for _ in range(2):
        with torch.no_grad():
            values = target(following)
            best = (online(following) if double else values).argmax(1)
            y = rewards + discounts * values.gather(1, best[:, None]).squeeze(1)
        chosen = online(observations).gather(1, choices[:, None]).squeeze(1)
        loss = nn.functional.smooth_l1_loss(chosen, y)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(online.parameters(), 10)
        adam.step()
    return {"before": before, "after": named()}


def projection():
    """C51's projection of Bellemare et al. (2017), algorithm 1, row by row as it is printed there."""
    atoms, low, high = 5, -2.0, 2.0
    step = (high - low) / (atoms - 1)
    probabilities = torch.softmax(torch.randn(ROWS, atoms), 1)
    result = torch.zeros(ROWS, atoms)
    for row in range(ROWS):
        for j in range(atoms):
            value = float(rewards[row] + discounts[row] * (low + j * step))
            b = (min(max(value, low), high) - low) / step
            lower, upper = math.floor(b), math.ceil(b)
            if lower == upper:
                result[row, lower] += probabilities[row, j]
            else:
                result[row, lower] += probabilities[row, j] * (upper - b)
                result[row, upper] += probabilities[row, j] * (b - lower)
    return {"probabilities": numbers(probabilities), "projected": numbers(result)}


everything = {
    "batch": {
        "observations": numbers(observations),
        "actions": numbers(actions),
        "rewards": numbers(rewards),
        "next": numbers(following),
        "discounts": numbers(discounts),
        "choices": [float(c) for c in choices],
    },
    "noises": [numbers(n) for n in noises],
    "normals": [[numbers(a), numbers(b)] for a, b in normals],
    "ddpg": deterministic(1, 1, False),
    "td3": deterministic(2, 2, True),
    "sac": soft(),
    "dqn": q_learning(False),
    "double_dqn": q_learning(True),
    "projection": projection(),
}
path = pathlib.Path(__file__).parent / "off_policy.json"
path.write_text(json.dumps(everything) + "\n")
