# %% [markdown]
# # An assignment whose answer no judge can recompute, for the grader's own tests

# %%
from vaelab.checks import check


# %% nbgrader={"grade": false, "grade_id": "make_conv_encoder", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    ### BEGIN SOLUTION
    import keras
    from keras import layers

    x = h = keras.Input((img_rows, img_cols, img_chns))
    for filters in (8, 16):
        h = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h)
        h = layers.BatchNormalization()(h)
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(h))
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_builds", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("make_conv_encoder.builds", make_conv_encoder)

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_shapes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("make_conv_encoder.shapes", make_conv_encoder)

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_convolutional", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("make_conv_encoder.convolutional", make_conv_encoder)

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_unbounded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
check("make_conv_encoder.unbounded", make_conv_encoder)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_gradients", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
check("make_conv_encoder.gradients", make_conv_encoder)
### END HIDDEN TESTS
