/** What the stages stand on, tested on a real Kafka. Uses {@code stage} as a service does: through its runtime. */
@NullMarked
package io.virtualimage.sandbox.stage;

import org.jspecify.annotations.NullMarked;
