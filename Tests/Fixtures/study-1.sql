BEGIN TRANSACTION;
CREATE TABLE child (
    number INTEGER PRIMARY KEY, updateNumber INTEGER NOT NULL, position INTEGER NOT NULL,
    key TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (updateNumber, position));
INSERT INTO "child" VALUES(1,1,0,'1.01.101|1.11','{"accuracy":0.109375,"connections":7,"connectivity":[[[1],[0,1],[1,0,1]],[[1],[1,1]]],"loss":2.3080105781555176,"macs":1921304,"number":1,"parameters":3586,"position":0,"reward":0.109375,"seconds":0.08521205600000001,"update":1}');
INSERT INTO "child" VALUES(2,1,1,'1.01.011|1.01','{"accuracy":0.09375,"connections":6,"connectivity":[[[1],[0,1],[0,1,1]],[[1],[0,1]]],"loss":2.3038487434387207,"macs":1589528,"number":2,"parameters":2674,"position":1,"reward":0.09375,"seconds":0.072669994,"update":1}');
INSERT INTO "child" VALUES(3,1,2,'1.11.011|1.11','{"accuracy":0.125,"connections":8,"connectivity":[[[1],[1,1],[0,1,1]],[[1],[1,1]]],"loss":2.3006606101989746,"macs":2068760,"number":3,"parameters":3738,"position":2,"reward":0.125,"seconds":0.07532517000000001,"update":1}');
INSERT INTO "child" VALUES(4,2,0,'1.11.111|1.01','{"accuracy":0.125,"connections":8,"connectivity":[[[1],[1,1],[1,1,1]],[[1],[0,1]]],"loss":2.2996861934661865,"macs":2179352,"number":4,"parameters":3282,"position":0,"reward":0.125,"seconds":0.08468500500000001,"update":2}');
INSERT INTO "child" VALUES(5,2,1,'1.11.111|1.11','{"accuracy":0.09375,"connections":9,"connectivity":[[[1],[1,1],[1,1,1]],[[1],[1,1]]],"loss":2.301781177520752,"macs":2363672,"number":5,"parameters":4042,"position":1,"reward":0.09375,"seconds":0.090466194,"update":2}');
INSERT INTO "child" VALUES(6,2,2,'1.01.111|1.01','{"accuracy":0.140625,"connections":7,"connectivity":[[[1],[0,1],[1,1,1]],[[1],[0,1]]],"loss":2.3043675422668457,"macs":1884440,"number":6,"parameters":2978,"position":2,"reward":0.140625,"seconds":0.07112103700000001,"update":2}');
CREATE TABLE configuration (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL);
INSERT INTO "configuration" VALUES(1,'{"agent":{"baselineDecay":0.9,"childrenPerUpdate":3,"entropyBonus":0.0001,"entropyRaise":10,"gradientClip":5,"hidden":64,"initialRange":0.1,"learningRate":0.01,"tanhConstant":2.5},"architecture":{"blocks":[3,2],"bottleneck":false,"classes":10,"compression":1,"growthRate":4,"imageSize":32,"inputChannels":3,"stem":{"channels":8,"kind":"cifar"}},"children":6,"data":{"digest":"9827d37568a83509d5aede34736d9b4d1fdceab78aec30177933e15508ffeccb","name":"shapes"},"evaluator":{"batchSize":32,"epochs":1,"kind":"scratch","learningRate":0.1,"normBatches":8},"keepsPredecessor":true,"kind":"search","limitTrain":128,"limitValidation":64,"machine":{"ads":"0.1.0","device":"cpu","instructionSet":"avx512","kernels":"auto","system":"AMD EPYC, 2 cores","threads":1,"torch":"2.13.0","torchInstructionSet":"AVX512"},"reevaluationLength":2,"reevaluationSeeds":1,"seed":0,"strategy":"random","top":2}');
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('1: configuration, children, strategy, reevaluations');
CREATE TABLE reevaluation (
    child INTEGER NOT NULL REFERENCES child (number), seed TEXT NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (child, seed));
INSERT INTO "reevaluation" VALUES(6,'18149786873368868503','{"accuracy":0.09375,"child":6,"loss":2.298100709915161,"seconds":0.156158805,"seed":18149786873368868503}');
INSERT INTO "reevaluation" VALUES(3,'18149786873368868503','{"accuracy":0.09375,"child":3,"loss":2.310649871826172,"seconds":0.151738764,"seed":18149786873368868503}');
CREATE TABLE strategy (id INTEGER PRIMARY KEY CHECK (id = 1), updateNumber INTEGER NOT NULL,
    state BLOB NOT NULL, progress TEXT NOT NULL);
INSERT INTO "strategy" VALUES(1,2,X'7B227374617465223A31363035373631373737373838383239353635397D','{"exhausted":false,"exploredMore":false,"repeatedUpdates":0,"update":2}');
COMMIT;
