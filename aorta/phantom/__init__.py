"""A synthetic CT angiogram whose true anatomy is known: ``make.make_phantom``, ``dicom_series.write_dicom_series``."""
