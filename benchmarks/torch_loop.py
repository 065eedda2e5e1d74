"""A straightforward PyTorch loop of the lab's convolutional VAE: seconds per epoch, as a JSON list.

    python benchmarks/torch_loop.py IMAGES.npz EPOCHS

The images are ``x_train`` and ``x_test``, float32, (N, 28, 28). Needs NumPy and PyTorch only
(``pip install -r benchmarks/requirements-torch.txt``, best in an environment of its own).
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(32),
            nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(32),
            nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU(),
        )  # fmt: skip
        self.z_mean, self.z_log_var = nn.Linear(128, 2), nn.Linear(128, 2)
        self.decoder = nn.Sequential(
            nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 32 * 49), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 32, 3, stride=2, padding=1, output_padding=1), nn.ReLU(), nn.BatchNorm2d(32),
            nn.ConvTranspose2d(32, 32, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(32),
            nn.ConvTranspose2d(32, 32, 3, stride=2), nn.ReLU(), nn.BatchNorm2d(32),
            nn.Conv2d(32, 1, 2), nn.Sigmoid(),
        )  # fmt: skip

    def loss(self, x):
        hidden = self.encoder(x)
        z_mean, z_log_var = self.z_mean(hidden), self.z_log_var(hidden)
        z = z_mean + torch.exp(0.5 * z_log_var) * torch.randn_like(z_mean)
        reconstruction = F.binary_cross_entropy(self.decoder(z), x, reduction="sum")
        kl = 0.5 * torch.sum(z_mean**2 + torch.exp(z_log_var) - z_log_var - 1)
        return (reconstruction + kl) / len(x)


def main(path, epochs):
    images = np.load(path)
    loaders = [
        torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(torch.from_numpy(images[part][:, None])),
            batch_size=100,
            shuffle=part == "x_train",
        )
        for part in ("x_train", "x_test")
    ]
    train, test = loaders
    vae = VAE()
    optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        vae.train()
        for (x,) in train:
            optimizer.zero_grad()
            loss = vae.loss(x)
            loss.backward()
            optimizer.step()
        vae.eval()
        with torch.no_grad():
            total = sum(vae.loss(x).item() * len(x) for (x,) in test)
        seconds.append(time.perf_counter() - started)
        print(f"PyTorch, test: {total / len(test.dataset):.1f} nats", file=sys.stderr)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
