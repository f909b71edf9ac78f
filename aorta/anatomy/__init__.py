"""From a label map to surfaces, centrelines, sections, landmarks and measurements (``measure.measure``)."""
