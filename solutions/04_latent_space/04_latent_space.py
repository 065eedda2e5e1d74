# %% [markdown]
# # 4 · The latent space under your hands
#
# A trained decoder is a function from a few numbers to an image. Here you move the numbers and watch
# the image, with models that were trained beforehand: there is nothing to program, to train or to hand in.
#
# **You will be able to**
#
# - find your way in a two-dimensional latent space, and say which regions mean something;
# - read what a VAE says about one image: where it is put, how precisely, and at what cost in nats;
# - say what a path through latent space does that mixing two images does not.
#
# *About half an hour. Useful before: `02_vae`, and `03_conv_vae` for the last part. No points.*

# %%
from vaelab import data, profiles, reference
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..
from vaelab.explorer import LatentExplorer

images = data.load(profiles.PROFILES["quick"])
print(images.source)

# %% [markdown]
# The weights come with the course: those of notebook 2's MLP VAE after 50 epochs on all 60,000 training images. To run
# a trained network takes no TensorFlow, only its weights and a few steps, here one a line.

# %%
encoder, decoder = reference.programs("mlp")
print(decoder)

# %% [markdown]
# ## A decoder and two sliders
#
# The explorer needs no more than a decoder, from `(batch, latent_dim)` to images. Drag a slider, or put the focus on one
# and use the arrow keys; drag on the map to move both. The decoder runs in this page, at every move, so that every image
# is exactly its output.

# %%
LatentExplorer(decoder)

# %% [markdown]
# Nearly all of the prior N(0, I) lies within three units of the origin, and most good images are there. Two exceptions:
# at the origin itself this model has a hole, with faint images that are no garment (notebook 2); and in the corners of the
# map the decoder has never been trained, and draws something all the same.

# %% [markdown]
# ## What the encoder adds
#
# With the encoder and the test images, each point on the map is the `z_mean` of one image, coloured by its class, which
# the model has never seen. With training images, the explorer also shows which of them look most like the decoded one.

# %%
explorer = LatentExplorer(decoder, encoder, images.x_test, images.y_test, train_images=images.x_train)
explorer

# %% [markdown]
# Some things to try:
#
# 1. **Find the borders.** Move slowly from the trousers to the dresses. Where does one become the other,
#    and what does the decoder draw in between?
# 2. **Find the crowd.** Pullovers, coats and shirts share one region. Does the decoded image change much
#    there? What would a third latent dimension be used for?
# 3. **Find a hole.** Stop where there are no points at all, and compare the decoded image with its
#    nearest training images. Is it a picture of anything?
# 4. **Change the units.** In *prior quantiles* equal steps of a slider hold equal shares of the prior, and
#    the map is stretched so that the prior covers it evenly. Do the images cover it evenly too?
#
# <details><summary><b>What we found</b></summary>
#
# 1. Trousers lie at the top, around (0, 2), dresses to the right of and below them, around (0.7, 1.3). On the way the gap
#    between the legs closes.
# 2. It changes little, mostly in brightness. A third dimension could hold what two have no room for there, such as an open
#    front or a pattern.
# 3. The largest hole is at the origin. The image there is dark and belongs to no class; its nearest training images look
#    unlike each other.
# 4. No. Of 16 equal shares of the prior, the emptiest holds less than a tenth of its fair part of the images, and the
#    fullest about twice its part.
# </details>

# %% [markdown]
# ## One image
#
# In *An image* you choose one by number, by class or at random; a double click on the map takes the image nearest to
# the pointer. The ellipse around its mean is its posterior q(z|x), one σ wide in each dimension: so small that you have to
# move the point away to see it. The table says what describing the image costs: the KL of each dimension and the
# reconstruction, in nats.

# %% [markdown]
# 5. Compare an ordinary sneaker with an unusual bag. Which has the higher reconstruction cost, and does
#    the decoded `z_mean` tell you why?
# 6. The ellipses are small against the map. What would the map look like if each σ were 1, and what would
#    the KL be then?
# 7. The two dimensions cost about the same for most images. Can you find one where one of them costs
#    twice as much as the other?
#
# <details><summary><b>What we found</b></summary>
#
# 5. A typical sneaker costs about 175 nats, bags 320 on average. Part of that is the entropy of the grey pixels, 130 and
#    230 nats; the rest is what the reconstruction gets wrong, such as handles and prints, which you see when you compare.
# 6. The ellipses would overlap everywhere, and a sample of one image's code could be that of a quite different one. The KL
#    would be 1.5 nats in place of 6.4: cheap, and nearly worthless to the decoder.
# 7. They exist, about one image in forty. Look for means far out on one axis and near 0 on the other.
# </details>

# %% [markdown]
# ## Drawing, and drawing from q(z|x)
#
# Take the pencil and change the image, or press *Clear* and draw a piece of clothing of your own: the encoder
# runs in the page too, and its posterior and the costs follow your hand. In *A draw from q(z|x)* the
# reparameterisation trick is under your hand: `z = z_mean + σ · ε`, with a new ε at every press.

# %% [markdown]
# - Draw a handle on a pullover. How far does the point move, and which of the two costs tells you that
#   something is strange?
# - Resample ε a dozen times and watch the three numbers. Which one never changes, and which one does the
#   training average over?

# %% [markdown]
# ## Between two images
#
# Choose an image, press *From this image*, choose another, press *To this image*, and play. On the way
# `z` moves in a straight line and every picture is the decoder's; the cross-fade mixes the pixels of the
# two originals instead.

# %% [markdown]
# 8. Half-way, the cross-fade always shows both images at once. What does the decoder show? Find a pair
#    for which it shows one plausible piece of clothing, and a pair for which it does not.
# 9. Does the path of your pair cross a region of a third class? What do you see when it does?
#
# <details><summary><b>What we found</b></summary>
#
# 8. The decoder shows one thing at a time. Between neighbours, two sneakers or a pullover and a coat, it is a plausible
#    garment. Between a boot and a shirt, or for any path through the origin, it is a dark shape that nobody sells.
# 9. Most paths between unlike garments do. Where the path crosses a third class, its garment appears, mixed with its
#    neighbours; where it crosses the hole, a dark shape.
# </details>

# %% [markdown]
# ## Two decoders on the same z
#
# Notebook 3 trains a convolutional VAE. Its latent space has nothing to do with that of the MLP: the layout of each depends
# on chance at the start of training, and they share only the prior. Side by side, the same `z` shows it. *Map of* switches
# between the two maps.

# %%
_, conv_decoder = reference.programs("conv")
conv_posterior = reference.load_conv_posteriors()
LatentExplorer(
    {"MLP": decoder, "conv": conv_decoder},
    {"MLP": encoder},
    images.x_test,
    images.y_test,
    posterior={"conv": (conv_posterior["z_mean_test"], conv_posterior["z_log_var_test"])},
)

# %% [markdown]
# 10. Put the point on a sneaker of the MLP's map. What does the other decoder make of it?
# 11. Choose an image and switch between the maps: which of the two models spends more nats on its KL, and
#     which reconstructs it better? Is it so for most images?
# 12. Compare the decoded images closely. What can the convolutional decoder draw that the other cannot?
#
# <details><summary><b>What we found</b></summary>
#
# 10. Something else: the same numbers mean another garment there.
# 11. The KL terms are alike, 6.4 and 6.5 nats on average, and each model has the larger one for about half of the images.
#     The convolutional model reconstructs two images out of three better, by four nats on average.
# 12. Edges: outlines, straps and the gap between trouser legs are a little sharper. Neither draws prints or laces.
# </details>

# %% [markdown]
# ## Your own
#
# `LatentExplorer` takes any Keras decoder, with any number of latent dimensions (a slider for each) and images of any
# size; `help(LatentExplorer)` lists what else it takes. To bring here what you have trained, save it in notebook 2 or 3, in
# a cell of your own, and load it in one here:
#
# ```python
# decoder.save("../my_decoder.keras")                                     # there
# LatentExplorer(keras.saving.load_model("../my_decoder.keras"))          # here, after import keras
# ```
#
# `explorer.save("mine.html")` writes an explorer as one file that needs no notebook: send it to somebody, with the place
# in its address.

# %% [markdown]
# ## What we have seen
#
# - A latent space is smooth where the training put images, and empty regions decode to mixtures of what lies around them.
# - Classes separate without labels where they look different, and overlap where they do not.
# - q(z|x) is narrow: an image is placed precisely, and the KL, in nats, is the price of that precision.
# - A straight line in latent space passes through images; a cross-fade of pixels passes through overlays.
# - Two models that are about equally good may lay out their latent spaces in entirely different ways.
#
# **Next:** in `05_looks_healthy` you find out which of four models are wrong, though all four look well.
#
# **To read.** White, *Sampling generative networks* (2016, arXiv:1609.04468), on paths through a latent space and better ones
# than straight lines. Higgins and others, *β-VAE* (ICLR 2017), on latent dimensions that mean one thing each. Alemi and others,
# *Fixing a broken ELBO* (2018, arXiv:1711.00464), on what a nat of KL buys.
