/**
 * Coverage-guided fuzzing of all that reads hostile bytes: {@code make fuzz}. {@link
 * io.virtualimage.disk.fuzz.FuzzRun} starts the engine, Jazzer, in a process per target; {@link
 * io.virtualimage.disk.fuzz.FuzzEntry} is what the engine calls; {@link io.virtualimage.disk.fuzz.FuzzTarget} lists
 * what there is to fuzz. Nothing here needs Jazzer to be compiled.
 */
@NullMarked
package io.virtualimage.disk.fuzz;

import org.jspecify.annotations.NullMarked;
