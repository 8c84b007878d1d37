"""caffewatch: watches Caffe training logs and tells people what broke, where, and what to do."""
