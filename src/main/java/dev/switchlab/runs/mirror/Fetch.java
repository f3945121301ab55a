package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.io.WholeFile;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.db.DatasetsTable;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.ExperimentsTable;
import dev.switchlab.runs.db.ExperimentsTable.ExperimentRow;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.ParamsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.Session;
import dev.switchlab.runs.db.TagsTable;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ExperimentsPage;
import org.mlflow.tracking.RunsPage;

/** Brings runs that only a server has into the book, so that there is one form to read. */
final class Fetch {
    /** The tag of a run that came from a server: its address. */
    static final String FETCHED_TAG = "switchlab.fetched_from";

    private static final String RUNNING = "RUNNING";
    private static final int PAGE = 1000;

    private final Book book;
    private final MlflowServer server;
    private final Consumer<String> notices;

    Fetch(Book book, MlflowServer server, Consumer<String> notices) {
        this.book = book;
        this.server = server;
        this.notices = notices;
    }

    /** The run with this id, beginning of an id, or name. */
    Optional<Run> run(String text) throws ServerException, IOException {
        List<Service.Run> found = text.matches("[0-9a-f]{32}") ? byId(text) : called(text);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        if (found.size() > 1) {
            throw new BookException("run '" + text + "': several are called so at " + server.uri() + ": "
                    + String.join(
                            ", ",
                            found.stream().map(run -> run.getInfo().getRunId()).toList())
                    + "; give more of the id");
        }
        Service.Run run = found.get(0);
        Optional<Run> ours = ours(run);
        return ours.isPresent() ? ours : Optional.of(bring(run));
    }

    /** The book's run that was sent to be the server's. */
    private Optional<Run> ours(Service.Run run) {
        String key = tags(run).getOrDefault(ServerRuns.KEY_TAG, "");
        return key.isEmpty() ? Optional.empty() : book.byId(key);
    }

    private List<Service.Run> byId(String id) throws ServerException {
        try {
            Service.Run run = server.official().call(client -> client.getRun(id));
            return List.of(run);
        } catch (ServerException e) {
            if (e.kind() == Kind.MISSING) {
                return List.of();
            }
            throw e;
        }
    }

    private List<Service.Run> called(String text) throws ServerException {
        return search(
                "",
                info -> info.getRunId().startsWith(text) || info.getRunName().equals(text));
    }

    /** Runs of all experiments. */
    private List<Service.Run> search(String filter, Predicate<Service.RunInfo> wanted) throws ServerException {
        List<String> experiments = experiments();
        List<Service.Run> found = new ArrayList<>();
        String token = "";
        do {
            String from = token;
            RunsPage page = server.official()
                    .call(client -> client.searchRuns(
                            experiments, filter, ViewType.ACTIVE_ONLY, PAGE, List.of(), from.isEmpty() ? null : from));
            page.getItems().stream().filter(run -> wanted.test(run.getInfo())).forEach(found::add);
            token = page.getNextPageToken().orElse("");
        } while (!token.isEmpty());
        return found;
    }

    private List<String> experiments() throws ServerException {
        List<String> ids = new ArrayList<>();
        String token = "";
        do {
            String from = token;
            ExperimentsPage page = server.official()
                    .call(client -> client.searchExperiments(
                            "", ViewType.ACTIVE_ONLY, PAGE, List.of(), from.isEmpty() ? null : from));
            page.getItems().forEach(experiment -> ids.add(experiment.getExperimentId()));
            token = page.getNextPageToken().orElse("");
        } while (!token.isEmpty());
        return ids;
    }

    private static Map<String, String> tags(Service.Run run) {
        Map<String, String> tags = new LinkedHashMap<>();
        run.getData().getTagsList().forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        return tags;
    }

    /** Files and the runs that it sums up first: the run is in the book when its row is, and then it is whole. */
    private Run bring(Service.Run run) throws ServerException, IOException {
        Service.RunInfo info = run.getInfo();
        String id = info.getRunId();
        if (!id.matches("[0-9a-f]{32}")) {
            throw new ServerException(Kind.UNUSABLE, "its run '" + id + "' has an id that is not MLflow's");
        }
        if (tags(run).containsKey(RunInfo.SUMMARY_TAG)) {
            for (Service.Run child : search("tags.`" + RunInfo.PARENT_TAG + "` = '" + id + "'", any -> true)) {
                if (ours(child).isEmpty() && !isWhole(child)) {
                    bring(child);
                }
            }
        }
        notices.accept("fetching run " + id + " from " + server.uri() + " into the book ...");
        String experiment = server.official()
                .call(client -> client.getExperiment(info.getExperimentId()).getName());
        List<PointRow> points = points(run);
        List<DatasetRow> datasets = datasets(id);
        ExperimentRow row =
                book.write(session -> ExperimentsTable.named(session, experiment, System.currentTimeMillis()));
        String uri = Book.artifactUri(row, id);
        files(info, book.artifacts(id, uri));
        book.write(session -> {
            insert(session, run, row, uri, server.uri().toString());
            MetricsTable.log(session, id, points);
            for (DatasetRow dataset : datasets) {
                DatasetsTable.log(session, id, row.id(), dataset);
            }
            return null;
        });
        new MirrorState(Optional.of(id), Optional.of(info.getExperimentId()), true, System.currentTimeMillis())
                .keep(book, id, server.uri());
        return book.byId(id).orElseThrow();
    }

    /** Whether it was brought already, after its end. */
    private boolean isWhole(Service.Run run) {
        return book.byId(run.getInfo().getRunId())
                .filter(there -> !there.status().equals(RUNNING))
                .isPresent();
    }

    private static void insert(Session session, Service.Run run, ExperimentRow experiment, String uri, String server)
            throws SQLException {
        Service.RunInfo info = run.getInfo();
        Map<String, String> tags = tags(run);
        tags.putIfAbsent(TagsTable.RUN_NAME, info.getRunName());
        tags.put(FETCHED_TAG, server);
        Map<String, String> params = new LinkedHashMap<>();
        run.getData().getParamsList().forEach(param -> params.put(param.getKey(), param.getValue()));
        Optional<Long> end = info.getEndTime() == 0 ? Optional.empty() : Optional.of(info.getEndTime());
        if (RunsTable.isTaken(session, info.getRunId())) {
            RunsTable.setStatus(session, info.getRunId(), info.getStatus().name(), end);
        } else {
            RunsTable.insert(
                    session,
                    new RunRow(
                            info.getRunId(),
                            experiment.id(),
                            experiment.name(),
                            tags.get(TagsTable.RUN_NAME),
                            info.getUserId(),
                            info.getStatus().name(),
                            info.getStartTime(),
                            end,
                            uri));
        }
        ParamsTable.log(session, info.getRunId(), params);
        TagsTable.set(session, info.getRunId(), tags);
    }

    private List<PointRow> points(Service.Run run) throws ServerException {
        List<PointRow> points = new ArrayList<>();
        for (Service.Metric metric : run.getData().getMetricsList()) {
            for (MetricPoint point : server.history(run.getInfo().getRunId(), metric.getKey())) {
                points.add(PointRow.of(metric.getKey(), point.value(), point.time(), point.step()));
            }
        }
        return points;
    }

    private List<DatasetRow> datasets(String id) throws ServerException {
        List<DatasetRow> rows = new ArrayList<>();
        for (JsonNode input : server.inputs(id)) {
            JsonNode dataset = input.path("dataset");
            rows.add(new DatasetRow(
                    dataset.path("name").asText(),
                    dataset.path("digest").asText(),
                    dataset.path("source_type").asText(),
                    dataset.path("source").asText(),
                    dataset.path("schema").asText(),
                    dataset.path("profile").asText(),
                    input.at("/tags/0/value").asText("training")));
        }
        return rows;
    }

    private void files(Service.RunInfo info, ArtifactFolder folder) throws ServerException, IOException {
        if (!RestClient.isProxied(info.getArtifactUri())) {
            notices.accept("run " + info.getRunId() + ": its files are at " + info.getArtifactUri()
                    + ", which the server does not hand out; the book has everything else");
            return;
        }
        for (String path : server.artifacts(info.getRunId(), "")) {
            // resolve() refuses a path that leads out of the folder.
            WholeFile.<ServerException>write(
                    folder.resolve(path),
                    part -> server.rest()
                            .download(
                                    info.getArtifactUri(),
                                    path,
                                    part,
                                    () -> part.toFile().length()));
        }
    }
}
