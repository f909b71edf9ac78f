"""From records to what people open: report.html, report.pdf, result.json, methods.md, VTU and VTP."""
