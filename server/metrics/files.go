package metrics

import "github.com/prometheus/client_golang/prometheus"

// newFiles returns the metrics of files at zero.
func newFiles() Files {
	return Files{
		FileUploads:     counters("file_uploads_total", "Files that clients uploaded, by result.", "result"),
		FileUploadBytes: counter("file_upload_bytes_total", "Bytes of the files that were taken."),
		PictureSeconds: histograms("picture_seconds",
			"Duration of cleaning a picture and of making a preview, the wait for its turn included.", "op",
			prometheus.ExponentialBuckets(1e-3, 2, 14)), // 1 ms to 8 s
		StoreSeconds: histograms("file_store_seconds",
			"Duration of operations on the folder or bucket with the files, without the time of clients.", "op",
			prometheus.ExponentialBuckets(100e-6, 2, 18)), // 100 µs to 13 s
		StoreFailures: counters("file_store_failures_total",
			"Operations that the folder or bucket with the files did not do.", "op"),
	}
}

// beginAtZero makes the series that exist from the start.
func (f *Files) beginAtZero() {
	for _, op := range []string{"put", "open", "read", "delete", "list"} {
		f.StoreSeconds.WithLabelValues(op)
		f.StoreFailures.WithLabelValues(op)
	}
	for _, op := range []string{"clean", "preview"} {
		f.PictureSeconds.WithLabelValues(op)
	}
}

func histograms(name, help, label string, buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, []string{label})
}
