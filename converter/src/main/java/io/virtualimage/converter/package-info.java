/**
 * Says what an image is and how it will be stored. {@link io.virtualimage.converter.ConvertFold} decides,
 * {@link io.virtualimage.converter.ConvertWorker} does, {@link io.virtualimage.converter.Converter} wires. May depend on
 * {@code topics}, {@code stage} and {@code disk}; knows of Kafka and of the object store only through their ports.
 */
@NullMarked
package io.virtualimage.converter;

import org.jspecify.annotations.NullMarked;
