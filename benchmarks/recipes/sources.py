"""Publications that several recipes come from."""

ASSEMBLY_AI = {
    "name": "AssemblyAI, Introduction to Variational Autoencoders Using Keras, 2022",
    "url": "https://www.assemblyai.com/blog/introduction-to-variational-autoencoders-using-keras/",
}
KERAS_BLOG = {
    "name": "F. Chollet, Building Autoencoders in Keras, 2016, revised since",
    "url": "https://blog.keras.io/building-autoencoders-in-keras.html",
}
MACHINE_CURVE = {
    "name": "C. Versloot, How to create a variational autoencoder with Keras, MachineCurve, 2019",
    "url": "https://machinecurve.com/index.php/2019/12/30/how-to-create-a-variational-autoencoder-with-keras",
}
