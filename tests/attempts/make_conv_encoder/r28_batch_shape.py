# origin: batch size fixed in the input (old Keras examples)
# verdict: right
# note: Keras takes batches of any size all the same
def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    encoder_inputs = keras.Input(batch_shape=(100, img_rows, img_cols, img_chns))
    x = layers.Conv2D(32, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(64, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(intermediate_dim, activation="relu")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(x)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
    return keras.Model(encoder_inputs, [z_mean, z_log_var], name="encoder")
