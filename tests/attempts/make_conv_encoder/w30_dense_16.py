# origin: intermediate_dim ignored (Dense(16) as in keras.io)
# verdict: wrong
# note: a dense layer of another size stands in place of the one that intermediate_dim asks for
def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    i = layers.Input((img_rows, img_cols, img_chns))
    x = layers.Conv2D(32, 3, 2, "same", activation="relu")(i)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(64, 3, 2, "same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(16, activation="relu")(x)
    return keras.Model(i, [layers.Dense(latent_dim)(x), layers.Dense(latent_dim)(x)])
