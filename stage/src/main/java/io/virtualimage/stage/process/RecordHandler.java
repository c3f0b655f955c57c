package io.virtualimage.stage.process;

/** Takes the records of a topic, one at a time and in the order of their partition. */
public interface RecordHandler {
    /**
     * Takes one record. It may come more than once.
     *
     * @throws Exception to be given it again, after a pause; later records of the partition wait meanwhile
     */
    void handle(ViewRecord record) throws Exception;
}
