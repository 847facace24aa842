"""The search by tensors and by kernels of a GPU, on the device where the frames are."""
