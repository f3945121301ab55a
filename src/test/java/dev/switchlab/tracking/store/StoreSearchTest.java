package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.tracking.store.StoreClient.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Filters, orders and pages of runs/search and experiments/search, on one small store. */
class StoreSearchTest {
    @TempDir
    static Path runs;

    private static TrackingServer server;
    private static StoreClient client;
    private static String experiment;

    /**
     * Runs a to e, started at 1000, 2000, ... Metric loss: 0.5, 1.5, NaN, none, -2; metric train/loss: the same for a. Param opt: Adam,
     * adam, sgd, none, AdamW.
     */
    @BeforeAll
    static void fillStore() throws Exception {
        server = TrackingServer.start(StoreConfig.of(runs));
        client = new StoreClient(server.uri());
        experiment = client.post("experiments/create", "{'name':'search/one','tags':[{'key':'team','value':'Red'}]}")
                .json()
                .get("experiment_id")
                .asText();
        client.post("experiments/create", "{'name':'search/two','tags':[{'key':'team','value':'blue'}]}");
        run(
                "a",
                1000,
                "'metrics':[{'key':'loss','value':0.5,'timestamp':1},{'key':'train/loss','value':0.25,'timestamp':1}],"
                        + "'params':[{'key':'opt','value':'Adam'},{'key':'a.b','value':'x'}],'tags':[{'key':'phase one','value':'50%_done'}]");
        run("b", 2000, "'metrics':[{'key':'loss','value':1.5,'timestamp':1}],'params':[{'key':'opt','value':'adam'}]");
        run("c", 3000, "'metrics':[{'key':'loss','value':'NaN','timestamp':1}],'params':[{'key':'opt','value':'sgd'}]");
        run("d", 4000, "'tags':[{'key':'phase one','value':'it''s \\u2713'}]");
        String e = run(
                "e",
                5000,
                "'metrics':[{'key':'loss','value':-2,'timestamp':1}],'params':[{'key':'opt','value':'AdamW'}]");
        client.post("runs/update", "{'run_id':'" + e + "','status':'FINISHED','end_time':9000}");
        client.post(
                "runs/log-inputs",
                "{'run_id':'" + e + "','datasets':[{'tags':[{'key':'mlflow.data.context','value':'training'}],"
                        + "'dataset':{'name':'shakespeare','digest':'86c4e6aa','source_type':'local','source':'{}'}}]}");
    }

    private static String run(String name, long start, String data) throws Exception {
        String id = client.post(
                        "runs/create",
                        "{'experiment_id':'" + experiment + "','run_name':'" + name + "','user_id':'ann','start_time':"
                                + start + "}")
                .json()
                .at("/run/info/run_id")
                .asText();
        // '' stands for an apostrophe inside the single-quoted JSON of this test.
        String json = ("{'run_id':'" + id + "'," + data + "}")
                .replace("''", "\u0000")
                .replace('\'', '"')
                .replace('\u0000', '\'');
        assertThat(client.postJson("runs/log-batch", json).status()).isEqualTo(200);
        return id;
    }

    @AfterAll
    static void close() {
        server.close();
    }

    private static Answer search(String filter, String... orderBy) throws Exception {
        ObjectNode request = StoreClient.MAPPER.createObjectNode();
        request.putArray("experiment_ids").add(experiment);
        request.put("filter", filter);
        var orders = request.putArray("order_by");
        for (String order : orderBy) {
            orders.add(order);
        }
        return client.postJson("runs/search", request.toString());
    }

    private static String names(JsonNode runs) {
        List<String> names = new ArrayList<>();
        runs.path("runs").forEach(run -> names.add(run.at("/info/run_name").asText()));
        return String.join("", names);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "metrics.loss < 1                                          | ace",
                "metrics.loss <= 0.5 and params.opt = 'Adam'                | a",
                "metric.loss > -2.5 AND metric.loss < -1e0                  | e",
                "metrics.loss != 0.5                                        | bce",
                // NaN is stored as 0, and MLflow compares what is stored
                "metrics.loss = 0                                           | c",
                "metrics.`train/loss` < 1                                   | a",
                "metrics.\"train/loss\" >= .25                              | a",
                "params.opt = 'adam'                                        | b",
                "params.opt = \"adam\"                                      | b",
                "params.opt != 'adam'                                       | ace",
                "params.opt LIKE 'Adam%'                                    | ae",
                "params.opt like 'adam%'                                    | b",
                "parameters.opt ILIKE 'ADAM%'                               | abe",
                "param.a.b = 'x'                                            | a",
                "tags.`phase one` = '50%_done'                              | a",
                "tags.\"phase one\" = \"it's \u2713\"                       | d",
                "attributes.status = 'FINISHED'                             | e",
                "status = 'RUNNING' and start_time >= 2000                  | bcd",
                "attributes.start_time < 3000                               | ab",
                "attributes.end_time = 9000                                 | e",
                "attributes.run_name = 'b'                                  | b",
                "attribute.`Run name` IN ('b', 'c','zzz')                   | bc",
                "run_name NOT IN ('b')                                      | acde",
                "attributes.user_id = 'ann' and run.run_name ILIKE 'D'      | d",
                "datasets.name = 'shakespeare'                              | e",
                "dataset.digest IN ('86c4e6aa','x') and dataset.context = 'training' | e",
                "dataset.context = 'testing'                                | ~~",
                "params.opt = 'x'' OR 1=1 --'                               | ~~",
                "tags.`x' OR '1'='1` = 'y'                                  | ~~"
            })
    void filters(String filter, String expected) throws Exception {
        Answer answer = search(filter, "attributes.start_time ASC");
        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        assertThat(names(answer.json())).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "foo bar                          | Invalid clause(s) in filter string: 'foo bar'",
                "metrics.loss < 1 OR params.x = '1' | Invalid clause(s) in filter string",
                "metrics.loss < 1 and             | Invalid clause(s) in filter string",
                "metrics.train/loss < 1           | Keys with special characters need backticks, e.g. metrics.`train/loss`",
                "metrics.loss = 'a'               | Expected numeric value type for metric 'loss'",
                "metrics.loss LIKE 'a'            | Invalid comparator 'LIKE' for metric 'loss'",
                "params.opt = 1                   | Expected a quoted string value for parameter 'opt'",
                "params.opt > 'a'                 | Invalid comparator '>' for parameter 'opt'",
                "params.opt = 'a                  | Invalid clause(s) in filter string",
                "attributes.colour = 'red'        | Invalid attribute key 'colour'",
                "start_time = 'x'                 | Expected numeric value type for attribute 'start_time'",
                "status IN ()                     | Invalid clause(s) in filter string",
                "status = ('a')                   | Invalid clause(s) in filter string",
                "weights.x = 1                    | Invalid entity type 'weights'",
                "dataset.size = 'x'               | Invalid dataset key 'size'",
                "metrics.loss < 1; DROP TABLE runs | Invalid clause(s) in filter string"
            })
    void refusesBadFilters(String filter, String message) throws Exception {
        Answer answer = search(filter);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.errorCode()).isEqualTo("INVALID_PARAMETER_VALUE");
        assertThat(answer.message()).contains(message).doesNotContain("\n");
    }

    @Test
    void takesLongValuesAndRefusesEndlessFilters() throws Exception {
        String value = "x''".repeat(100_000);
        assertThat(search("params.opt = '" + value + "'").status()).isEqualTo(200);
        assertThat(search("params.opt = '" + value).status()).isEqualTo(400);
        assertThat(search(String.join(" and ", Collections.nCopies(500, "metrics.loss < 1")))
                        .status())
                .isEqualTo(200);
        assertThat(search(String.join(" and ", Collections.nCopies(501, "metrics.loss < 1")))
                        .message())
                .contains("The filter has 501 clauses; allowed: up to 500");
        String[] orders = IntStream.range(0, 33).mapToObj(i -> "metrics.m" + i).toArray(String[]::new);
        assertThat(search("", Arrays.copyOf(orders, 32)).status()).isEqualTo(200);
        assertThat(search("", orders).message()).contains("order_by has 33 clauses; allowed: up to 32");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // NaN (c) after the numbers and a missing value (d) last, in both directions
                "metrics.loss ASC               | eabcd",
                "metrics.loss DESC              | baecd",
                "metrics.loss                   | eabcd",
                "params.opt asc                 | aebcd",
                "params.`opt` DESC              | cbead",
                "attributes.start_time ASC      | abcde",
                "start_time desc                | edcba",
                "attribute.Created DESC         | edcba",
                "attributes.run_name DESC       | edcba",
                "end_time ASC                   | edcba",
                "tags.`phase one` ASC           | adecb"
            })
    void orders(String order, String expected) throws Exception {
        assertThat(names(search("", order).json())).isEqualTo(expected);
    }

    @Test
    void ordersBySeveralKeysAndByDefaultFromTheLatestStart() throws Exception {
        assertThat(names(search("").json())).isEqualTo("edcba");
        assertThat(names(
                        search("", "attributes.status DESC", "metrics.loss ASC").json()))
                .isEqualTo("abcde");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "metrics.loss SIDEWAYS  | Invalid ordering key in order_by clause",
                "metrics.loss ASC DESC  | Invalid order_by clause",
                "attributes.colour      | Invalid attribute key 'colour'",
                "dataset.name           | Invalid order_by entity"
            })
    void refusesBadOrders(String order, String message) throws Exception {
        Answer answer = search("", order);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).contains(message);
    }

    @Test
    void refusesTheSameOrderTwice() throws Exception {
        Answer answer = search("", "start_time ASC", "attributes.Created DESC");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).contains("duplicate fields");
    }

    @Test
    void pagesShowEveryRunOnce() throws Exception {
        StringBuilder seen = new StringBuilder();
        String token = "";
        int pages = 0;
        do {
            JsonNode page = client.post(
                            "runs/search",
                            "{'experiment_ids':['" + experiment + "'],'max_results':2,'order_by':['metrics.loss DESC'],"
                                    + "'page_token':'" + token + "'}")
                    .json();
            seen.append(names(page));
            token = page.path("next_page_token").asText();
            pages++;
        } while (!token.isEmpty());
        assertThat(seen).hasToString("baecd");
        assertThat(pages).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'max_results':0}",
                "{'max_results':'many'}",
                "{'page_token':'!!'}",
                "{'page_token':'e30='}",
                "{'run_view_type':'SOME'}"
            })
    void refusesBadPages(String request) throws Exception {
        Answer answer = client.post("runs/search", request);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.errorCode()).isEqualTo("INVALID_PARAMETER_VALUE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name = 'search/one'                       | search/one",
                "attribute.name LIKE 'SEARCH%'             | ",
                "name ILIKE 'SEARCH%' and tags.team = 'Red' | search/one",
                "tags.team ILIKE 'BLUE'                    | search/two",
                "creation_time > 0 and name != 'Default'   | search/one search/two",
                "last_update_time < 5                      | "
            })
    void filtersExperiments(String filter, String expected) throws Exception {
        ObjectNode request = StoreClient.MAPPER.createObjectNode();
        request.put("filter", filter);
        request.putArray("order_by").add("name ASC");
        Answer answer = client.postJson("experiments/search", request.toString());
        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        List<String> names = new ArrayList<>();
        answer.json()
                .path("experiments")
                .forEach(found -> names.add(found.get("name").asText()));
        assertThat(String.join(" ", names)).isEqualTo(expected == null ? "" : expected);
    }

    @ParameterizedTest
    @CsvSource({"metrics.x > 1", "colour = 'red'", "name > 'a'", "creation_time LIKE 'x'", "tags.team IN ('a')"})
    void refusesBadExperimentFilters(String filter) throws Exception {
        ObjectNode request = StoreClient.MAPPER.createObjectNode();
        request.put("filter", filter);
        Answer answer = client.postJson("experiments/search", request.toString());
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.errorCode()).isEqualTo("INVALID_PARAMETER_VALUE");
    }
}
