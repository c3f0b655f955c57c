package io.virtualimage.stage.process;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a record that a fold's producer could not deliver. One that will never fit is passed over, so that
 * one image doesn't hold up its whole partition; with any other the thread begins again from what was committed.
 */
public final class PassOverTooLarge implements ProductionExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(PassOverTooLarge.class);

    /** Kafka Streams makes it, by its name. */
    public PassOverTooLarge() {}

    @Override
    public Response handleError(
            ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception exception) {
        if (exception instanceof RecordTooLargeException) {
            LOG.atError()
                    .addKeyValue("topic", record.topic())
                    .setCause(exception)
                    .log("a record is too large and was passed over");
            return Response.resume();
        }
        return exception instanceof RetriableException ? Response.retry() : Response.fail();
    }

    @Override
    public void configure(Map<String, ?> configs) {}
}
