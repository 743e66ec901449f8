"""Short everyday phrases on which the trained encoder must keep the base model's sense of what is similar (properties, places, abilities)."""

PHRASES = tuple(
    phrase.strip()
    for phrase in """battery level;juice left;remaining charge;state of charge;power left;how full the battery is;shelf;rack;storage
rack;bay;aisle;cabinet;drawer;bin;tray;pallet;crate;box;parcel;dock;charging station;charger;loading
ramp;gate;door;entrance;exit;hall;corridor;hallway;kitchen;office;meeting room;laboratory;greenhouse;warehouse;ward;patient
room;garage;roof;basement;ground floor;first floor;upstairs;north
wing;zone;area;region;section;corner;window;wall;ceiling;position;location;whereabouts;where it
is;coordinates;distance;height;depth;width;speed;velocity;pace;acceleration;temperature;how warm it
is;heat;cold;humidity;moisture;dampness;pressure;air quality;carbon dioxide;CO2 level;fine dust;noise level;loudness;brightness;light
level;illumination;darkness;wind speed;rainfall;water level;flow rate;weight;load;payload;free slots;vacant positions;empty
places;occupied;full;available space;capacity;count of items;number of boxes;stock;inventory;is it busy;idle;working;out of
order;broken;error code;fault;alarm;warning;health;signal strength;reception;throughput;data rate;bandwidth;packet loss;packet error
rate;latency;delay;jitter;channel;frequency;contention window;retransmissions;interference;wireless network;wifi;access
point;router;antenna;radio;camera;lens;photo;picture;video;microphone;speaker;display;screen;lamp;light;bulb;blind;curtain;shutter;fan;ventilation;heater;heating;air
conditioner;cooling;pump;valve;tank;pipe;tap;motor;gripper;robot arm;mobile robot;forklift;drone;vehicle;cart;trolley;conveyor
belt;lift;elevator;door lock;key;badge;sensor;thermometer;scale;printer;scanner;barcode;label;tag;medicine;blood sample;test
tube;plate;well;needle;syringe;infusion;patient;nurse;doctor;guest;visitor;child;car;bicycle;bus;train;tree;plant;flower;soil;garden;field;pond;fish;cow;milk;bread;coffee;tea;sugar;salt;lunch;dinner;breakfast;music;song;radio
station;book;letter;money;price;date;time;clock;timer;schedule;today;tomorrow;morning;night;holiday;opens;closes;starts;stops;pauses;resumes;moves;turns;lifts;lowers;carries;fetches;delivers;picks
up;puts down;cleans;washes;dries;cuts;drills;mixes;heats;cools;measures;weighs;counts;scans;takes pictures;records;plays;announces;sends
messages;unlocks;locks;charges;recharges;docks;parks;patrols;inspects;checks shelves;reads the barcode;finds free places;waters plants;opens
windows;closes the curtains;dims the lights;switches on;switches off;tall;short;heavy;light
weight;fast;slow;quiet;noisy;red;green;blue;white;warm;hot;cool;open;closed;locked;unlocked;charging;discharging;near;far;nearest;farthest;largest;smallest;fullest;emptiest;left;right;front;back;above;below;the
nearest robot;the robot with the most battery;every robot;all shelves;any free robot;which shelf is empty;is there space;how many are
left;keep the room comfortable;make it quieter;do not disturb the patients;deliver the parcel to reception;take the samples to the
laboratory;check the racks for gaps;go and charge;come back;follow me;wait here;stay where you are;look around;what do you see;who is
there;the client uploads too slowly;too many packets are lost;the microwave disturbs the network;lower the window;move to the other band""".replace(
        "\n", " "
    ).split(";")
)
