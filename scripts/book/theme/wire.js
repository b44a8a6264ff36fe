// Helper WIRE is writing this file (10:19), wire.css, picture.rs and the rest of the picture.
