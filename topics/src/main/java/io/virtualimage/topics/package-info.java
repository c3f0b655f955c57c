/**
 * The contract of the pipeline: what is on each topic, as sealed records, and how it is written (CloudEvents 1.0,
 * structured JSON). {@code asyncapi.yaml} beside this module says the same for people and other languages; a test holds
 * the two together.
 *
 * <p>Depends on kafka-clients (serializers, admin client) and Jackson, on no other module of the project. Values check
 * themselves in their constructors: no invalid instance exists.
 */
@NullMarked
package io.virtualimage.topics;

import org.jspecify.annotations.NullMarked;
