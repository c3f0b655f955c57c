/**
 * A service as a process: settings, connections, the fold's host and the pools of workers, health, metrics. The one
 * place where threads are started and clocks are read. May depend on everything else in this module, on kafka-clients,
 * kafka-streams, micrometer and the library of Prometheus below it.
 */
@NullMarked
package io.virtualimage.stage.process;

import org.jspecify.annotations.NullMarked;
