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
import vaelab.quiet  # first: starts TensorFlow without its messages

from vaelab import data, metrics, profiles, reference
from vaelab.explorer import LatentExplorer

images = data.load(profiles.PROFILES["quick"])
print(images.source)

# %% [markdown]
# The weights come with the course. They are those of notebook 2's MLP VAE after 50 epochs on all 60,000
# training images, so that what you see is a converged model and not your patience.

# %%
encoder, decoder = reference.load_mlp()
decoder.summary(line_length=80)

# %% [markdown]
# ## A decoder and two sliders
#
# This is all it takes: a decoder from `(batch, latent_dim)` to images. Drag a slider, or put the focus
# on one and use the arrow keys; drag on the map to move both. While you move, the image is blended from
# a grid of decoded ones, and when you stop, the decoder's own output takes its place. The line below the
# image says which of the two you see.

# %%
LatentExplorer(decoder)

# %% [markdown]
# Nearly all of the prior N(0, I) lies within three units of the origin, and this is where the images are
# good. Go to a corner of the map: there the decoder has never been trained, and still it answers.

# %% [markdown]
# ## What the encoder adds
#
# With the encoder and the test images the map fills: each point is the `z_mean` of one image, coloured by
# its class, which the model has never seen. With training images it also shows which of them look most
# like the decoded one.

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

# %% [markdown]
# ## One image
#
# In *A test image* you choose one by number, by class or at random; a double click on the map takes the
# image nearest to the pointer. The ellipse is its posterior q(z|x), one σ wide in each dimension. The
# table says what describing the image costs: the KL of each dimension and the reconstruction, in nats.

# %% [markdown]
# 5. Compare an ordinary sneaker with an unusual bag. Which has the higher reconstruction cost, and does
#    the decoded `z_mean` tell you why?
# 6. The ellipses are small against the map. What would the map look like if each σ were 1, and what would
#    the KL be then?
# 7. The two dimensions cost about the same for most images. Can you find one where one of them costs
#    twice as much as the other?

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

# %% [markdown]
# ## Two decoders on the same z
#
# Notebook 3 trains a convolutional VAE. Its latent space has nothing to do with the other one's: both are
# laid out by chance at the start of training, and only the prior is common to them. Side by side, the same
# `z` shows it. *Map of* switches between the two maps.

# %%
conv_posterior = reference.load_conv_posteriors()
LatentExplorer(
    {"MLP": decoder, "conv": reference.load_conv_decoder()},
    images=images.x_test,
    labels=images.y_test,
    posterior={
        "MLP": metrics.encode(encoder, images.x_test.reshape(-1, 784)),
        "conv": (conv_posterior["z_mean_test"], conv_posterior["z_log_var_test"]),
    },
)

# %% [markdown]
# 10. Put the point on a sneaker of the MLP's map. What does the other decoder make of it?
# 11. Choose an image and switch between the maps: which of the two models spends more nats on its KL, and
#     which reconstructs it better? Is it so for most images?
# 12. Compare the decoded images closely. What can the convolutional decoder draw that the other cannot?

# %% [markdown]
# ## Your own
#
# `LatentExplorer` takes any Keras decoder, with as many latent dimensions as you like and images of any
# size: one slider for each dimension. Try the models that you have trained in notebooks 2 and 3, or one
# with a latent dimension of 10; `help(LatentExplorer)` lists what else it takes.

# %% [markdown]
# ## What we have seen
#
# - A latent space is smooth where the training put images, and empty regions decode to mixtures of what lies around them.
# - Classes separate without labels where they look different, and overlap where they do not.
# - q(z|x) is narrow: an image is placed precisely, and that precision is what the KL, in nats, pays for.
# - A straight line in latent space passes through images; a cross-fade of pixels passes through overlays.
# - Two models that are about equally good may lay out their latent spaces in entirely different ways.
