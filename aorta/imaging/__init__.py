"""Images and label maps in, checked and de-identified: ``read.read_image``, ``labelmap.read_labels``."""
