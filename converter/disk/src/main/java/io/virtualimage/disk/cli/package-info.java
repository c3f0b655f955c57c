/**
 * The program {@code vdisk}: what this library can do, at a prompt. Starts in a blink, so it parses its options and prints
 * its JSON itself. May depend on all of the library; nothing depends on it.
 */
@NullMarked
package io.virtualimage.disk.cli;

import org.jspecify.annotations.NullMarked;
