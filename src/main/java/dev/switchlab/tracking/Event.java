package dev.switchlab.tracking;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Map;

/** One thing that happened in a run and that the server is to know: a line of the {@link Journal}. Times are in ms since 1970. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Event.Start.class, name = "start"),
    @JsonSubTypes.Type(value = Event.Resume.class, name = "resume"),
    @JsonSubTypes.Type(value = Event.Input.class, name = "input"),
    @JsonSubTypes.Type(value = Event.Params.class, name = "params"),
    @JsonSubTypes.Type(value = Event.Tags.class, name = "tags"),
    @JsonSubTypes.Type(value = Event.Metrics.class, name = "metrics"),
    @JsonSubTypes.Type(value = Event.Artifact.class, name = "artifact"),
    @JsonSubTypes.Type(value = Event.Finish.class, name = "finish")
})
sealed interface Event {

    /**
     * The first event of every journal.
     *
     * @param key our own id of the run, unique in the world
     * @param server where it is logged to: an address, or {@link Spools#EMBEDDED}
     * @param tags the tags that it is created with
     */
    record Start(String key, String server, String experiment, String user, long time, Map<String, String> tags)
            implements Event {}

    /** The run goes on after it had ended or died. */
    record Resume(long time) implements Event {}

    record Input(Dataset dataset) implements Event {}

    record Params(Map<String, String> values) implements Event {}

    record Tags(Map<String, String> values) implements Event {}

    record Metrics(long step, long time, Map<String, Double> values) implements Event {}

    /**
     * @param path where the run has it
     * @param file its name in the spool's folder of artifacts
     */
    record Artifact(String path, String file) implements Event {}

    record Finish(RunStatus status, long time) implements Event {}
}
