package io.virtualimage.stage.work;

import io.virtualimage.topics.Task;

/**
 * A task as the share group delivered it, to this worker alone for as long as it is renewed.
 *
 * @param task the work
 * @param deliveryCount how often this record was delivered, from 1
 * @param acknowledge tells the broker that the record is done with; called at most once
 */
public record Delivery(Task task, int deliveryCount, Runnable acknowledge) {}
